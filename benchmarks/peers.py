"""Peers that are measured only where they are installed: nginx and the LiteLLM proxy."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from fake_engine import RATES
from processes import body_of, free_port, process, wait_until

_NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream engine {{ server {engine}; keepalive 256; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://engine; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, engine_url: str) -> Iterator[str | None]:
    """nginx with one worker and no buffering; None where there is no nginx."""
    binary = shutil.which("nginx")
    if binary is None:
        yield None
        return
    port = free_port()
    config = folder / "nginx.conf"
    engine = urlsplit(engine_url).netloc
    config.write_text(_NGINX.format(folder=folder, engine=engine, port=port))
    url, log = f"http://127.0.0.1:{port}", folder / "nginx.log"
    with process([binary, "-c", config, "-p", folder], log) as running:
        wait_until(lambda: bool(body_of(f"{url}/v1/models")), running, log, "nginx")
        yield url


@contextlib.contextmanager
def litellm(folder: Path, engine_url: str, python: str | None) -> Iterator[str | None]:
    """The LiteLLM proxy run by `python`; None without one."""
    if python is None:
        yield None
        return
    port = free_port()
    models = [
        {
            "model_name": name,
            "litellm_params": {
                "model": f"openai/{name}",
                "api_base": f"{engine_url}/v1",
                "api_key": "none",
            },
        }
        for name in RATES
    ]
    config = folder / "litellm.yaml"
    config.write_text(json.dumps({"model_list": models}))  # JSON is YAML
    url, log = f"http://127.0.0.1:{port}", folder / "litellm.log"
    run = "import sys; from litellm import run_server; sys.exit(run_server())"
    argv = [python, "-c", run, "--config", config, "--port", str(port), "--num_workers", "1"]
    with process(argv, log) as running:
        wait_until(lambda: bool(body_of(f"{url}/v1/models")), running, log, "LiteLLM")
        yield url
