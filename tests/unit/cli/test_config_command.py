"""`config` and `init`: files, secrets, origins."""

import json
import stat

import pytest

from infernet_tui import config, identity, paths
from infernet_tui.settings import SETTINGS
from tests.support.cli import Infernet

URL = "http://127.0.0.1:9"


def test_init_writes_the_reference_shape_with_private_modes(infernet: Infernet) -> None:
    finished = infernet("init", "--url", URL + "/", "--name", "my-vps-1", "--p2p-port", "46400")
    raw = json.loads(paths.config_file().read_text("utf-8"))
    assert finished.out == f"Wrote {paths.config_file()}\nPubkey: {raw['node']['publicKey']}\n"
    assert raw["controlPlane"] == {"url": URL}
    assert list(raw["node"]) == [
        "id", "nodeId", "role", "name", "publicKey", "privateKey", "address", "port",
    ]  # fmt: skip
    assert (raw["node"]["name"], raw["node"]["port"], raw["node"]["id"]) == (
        "my-vps-1",
        46400,
        None,
    )
    assert raw["node"]["nodeId"].startswith("provider-")
    assert stat.S_IMODE(paths.config_file().stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.config_dir().stat().st_mode) == 0o700
    assert identity.secret_key(config.load()).public_hex == raw["node"]["publicKey"]


def test_no_advertise_writes_no_address(infernet: Infernet) -> None:
    infernet("init", "--url", URL, "--address", "203.0.113.9", "--no-advertise")
    node = config.load().require_node()
    assert (node.address, node.port) == (None, None)


def test_a_complete_config_is_not_overwritten(infernet: Infernet) -> None:
    infernet("init", "--url", URL)
    before = paths.config_file().read_bytes()
    finished = infernet("init", "--url", "http://other.example", "--json")
    assert finished.code == 1
    assert "already exists" in finished.error["message"]
    assert paths.config_file().read_bytes() == before


def test_yes_keeps_the_key_and_what_others_wrote(infernet: Infernet) -> None:
    infernet("init", "--url", URL)
    before = config.update({"engine": {"model": "qwen2.5:7b"}, "ours": {"kept": True}})
    assert infernet("init", "--yes", "--url", "http://other.example").code == 0
    after = config.load()
    assert after.control_plane_url == "http://other.example"
    assert after.require_node() == before.require_node()
    assert after.engine.model == "qwen2.5:7b"
    assert after.raw["ours"] == {"kept": True}


def test_force_changes_key_and_node_id_and_keeps_the_old_file(infernet: Infernet) -> None:
    infernet("init", "--url", URL)
    config.update({"node": {"id": "cbd698dc-7148-48fb-b8bb-99b14bcc9c7b"}})
    before = config.load().require_node()
    finished = infernet("init", "--force", "--url", URL, "--role", "client", "--json")
    after = config.load().require_node()
    assert finished.document["created"]
    assert after.public_key != before.public_key
    assert after.node_id != before.node_id
    assert after.node_id.startswith("client-")
    assert after.id is None
    kept = paths.config_dir() / "config.json.previous"
    assert config.load(kept).require_node() == before
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_another_role_needs_another_identity(infernet: Infernet) -> None:
    infernet("init", "--url", URL)
    error = infernet("init", "--yes", "--role", "client", "--json").error
    assert error["hint"] == "infernet init --role client --force"


def test_a_partial_config_is_finished(infernet: Infernet) -> None:
    config.update({"engine": {"backend": "stub"}})
    assert infernet("init", "--url", URL, "--model", "m").code == 0
    assert config.load().engine == config.EngineConfig(backend="stub", model="m")


def test_without_a_terminal_the_url_must_be_named(infernet: Infernet) -> None:
    assert infernet("init", "--json").error["code"] == "needs_terminal"
    assert not paths.config_file().exists()
    assert infernet("init", "--yes").code == 0
    assert config.load().control_plane_url == "https://infernetprotocol.com"


@pytest.mark.parametrize(
    "flags",
    [["--role", "wizard"], ["--url", "ftp://x"], ["--url", "nonsense"], ["--p2p-port", "0"]],
)
def test_init_writes_nothing_when_a_flag_is_wrong(infernet: Infernet, flags: list[str]) -> None:
    assert infernet("init", "--yes", *flags).code == 2
    assert not paths.config_file().exists()


def test_secrets_are_never_shown(infernet: Infernet) -> None:
    infernet("init", "--url", URL)
    secret = str(config.load().require_node().private_key)
    config.update({"auth": {"bearerToken": "eyJa.eyJb.c"}})
    for arguments in (
        ["config", "show"],
        ["config", "show", "--json"],
        ["config", "show", "--origin"],
        ["config", "get", "node.privateKey"],
        ["config", "get", "auth.bearerToken", "--json"],
    ):
        finished = infernet(*arguments)
        assert secret not in finished.out + finished.err
        assert "eyJa" not in finished.out + finished.err
    assert infernet("config", "get", "node.privateKey").code == 2


def test_each_value_names_its_origin(infernet: Infernet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERNET_ENGINE_BACKEND", "stub")
    monkeypatch.setenv("INFERNET_ENGINE_MODEL", "from-the-environment")
    config.update({"engine": {"model": "from-the-file"}})
    document = infernet("config", "show", "--json").document
    assert document["config"]["engine"]["backend"] == "stub"
    assert document["config"]["engine"]["model"] == "from-the-file"
    assert document["origins"]["engine.backend"] == "environment INFERNET_ENGINE_BACKEND"
    assert document["origins"]["engine.model"] == "config"
    assert document["origins"]["node.name"] == "default"
    assert "engine.model\tfrom-the-file\tconfig" in infernet("config", "show", "--origin").out


def test_a_value_is_set_typed_and_read_back(infernet: Infernet) -> None:
    infernet("init", "--url", URL)
    assert infernet("config", "set", "engine.ollama_num_thread", "8").code == 0
    assert config.load().engine.num_thread == 8
    assert infernet("config", "get", "engine.ollama_num_thread").out == "8\n"
    assert infernet(
        "config", "set", "controlplane.URL", "http://h.example/", "--json"
    ).document == {
        "schema": "infernet.setting/1",
        "ok": True,
        "key": "controlPlane.url",
        "value": "http://h.example",
        "origin": "config",
        "warnings": [],
    }
    assert infernet("config", "set", "engine.ollama_num_thread", "").code == 0
    assert config.load().engine.num_thread is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("engine.backend", "weird"),
        ("engine.ollama_num_thread", "many"),
        ("engine.ollama_num_thread", "0"),
        ("node.port", "70000"),
        ("node.privateKey", "00"),
        ("node.nodeId", "provider-x"),
        ("controlPlane.url", "not a url"),
        ("engine.modle", "x"),
    ],
)
def test_a_wrong_value_changes_nothing(infernet: Infernet, key: str, value: str) -> None:
    infernet("init", "--url", URL)
    before = paths.config_file().read_bytes()
    assert infernet("config", "set", key, value).code == 2
    assert paths.config_file().read_bytes() == before


def test_a_mistyped_key_names_the_nearest(infernet: Infernet) -> None:
    assert "engine.model" in infernet("config", "get", "engine.modle").err


def test_the_path_is_printed_whether_or_not_the_file_is_there(infernet: Infernet) -> None:
    assert infernet("config", "path").out == f"{paths.config_file()}\n"
    assert not infernet("config", "path", "--json").document["exists"]


def test_a_broken_file_is_named_and_left_alone(infernet: Infernet) -> None:
    paths.config_dir().mkdir(parents=True)
    paths.config_file().write_text("{ half a")
    for arguments in (["status"], ["config", "show"], ["init", "--yes"]):
        finished = infernet(*arguments)
        assert finished.code == 2
        assert str(paths.config_file()) in finished.err
    assert paths.config_file().read_text() == "{ half a"


def test_how_the_application_looks_is_a_setting_like_any_other(infernet: Infernet) -> None:
    assert config.load().tui == config.TuiConfig()
    assert infernet("config", "get", "tui.refresh_ms").out == "2000\n"
    assert infernet("config", "set", "tui.glyphs", "braille").code == 0
    assert infernet("config", "set", "tui.refresh_ms", "1000").code == 0
    tui = config.load().tui
    assert (tui.glyphs, tui.refresh_ms, tui.theme) == ("braille", 1000, "dark")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("tui.glyphs", "brialle", ["auto, block, braille, ascii", "did you mean braille?"]),
        ("engine.backend", "olama", ["vllm", "did you mean ollama?"]),
        ("tui.on_quit", "explode", ["ask, drain, handover, stop"]),
        ("tui.refresh_ms", "1", ["from 100 to 60000"]),
    ],
)
def test_a_wrong_value_names_file_key_choices_and_the_nearest(
    infernet: Infernet, key: str, value: str, words: list[str]
) -> None:
    error = infernet("config", "set", key, value, "--json").error
    assert error["exit"] == 2
    for word in [str(paths.config_file()), f"`{key}`", *words]:
        assert word in error["message"]


def test_a_wrong_value_in_the_file_is_put_right_by_its_own_hint(infernet: Infernet) -> None:
    config.write_atomically(paths.config_file(), '{"tui": {"bell": "onn"}}', mode=0o600)
    error = infernet("config", "show", "--json").error
    assert "`tui.bell`" in error["message"]
    assert error["hint"] == "infernet config set tui.bell on"
    assert infernet(*error["hint"].split()[1:]).code == 0
    assert config.load().tui.bell == "on"


def test_remapped_keys_are_shown_and_not_set_by_hand(infernet: Infernet) -> None:
    config.update({"tui": {"keys": {"jobs.cancel": "x", "app.quit": "f10"}}})
    config.update({"tui": {"keys": {"app.quit": None}}})
    assert config.load().tui.keys == {"jobs.cancel": "x"}
    assert "tui.keys.jobs.cancel\tx" in infernet("config", "show").out
    assert infernet("config", "get", "tui.keys").out == "jobs.cancel\tx\n"
    document = infernet("config", "show", "--json").document
    assert document["config"]["tui"]["keys"]["jobs.cancel"] == "x"
    assert infernet("config", "set", "tui.keys", "x").code == 2


def test_every_setting_says_what_it_is_for() -> None:
    for each in SETTINGS:
        assert each.about.endswith("."), each.key
        assert each.default is None or not each.choices or each.default in each.choices
