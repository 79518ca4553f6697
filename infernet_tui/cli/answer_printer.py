"""Shows an answer while it comes: text on stdout, who and how fast on stderr, or NDJSON.

The lines of `--json`: `job` (the control plane's answer to the submit; only through the network),
then `event` for each event of the job, then `result`.
"""

import contextlib
import uuid
from collections.abc import Mapping
from typing import Any

from infernet_tui.answer import Answer
from infernet_tui.cli.output import Output, error_fields
from infernet_tui.errors import InfernetError
from infernet_tui.exit_codes import ExitCode
from infernet_tui.job_stream import META, TOKEN
from infernet_tui.text import one_line, plain_text


class JobFailed(InfernetError):
    """The job failed."""

    code = "job_failed"

    def __init__(self, message: str, *, details: Mapping[str, Any], hint: str | None) -> None:
        super().__init__(message, hint=hint)
        self.details = dict(details)


class Interrupted(InfernetError):
    """Interrupted before the answer was complete."""

    exit_code = ExitCode.INTERRUPTED
    code = "interrupted"


class AnswerPrinter:
    """Prints one answer."""

    def __init__(self, output: Output) -> None:
        self.answer = Answer()
        self._output = output
        self._served_by = ""
        self._is_mid_line = False

    def submitted(self, job: Mapping[str, Any]) -> None:
        """The control plane took the job."""
        self.answer.submitted(job)
        if self._output.json:
            self._output.event("job", **{key: job[key] for key in job if key != "type"})

    def event(self, event: str, data: Any) -> None:
        """One event of a job that the network serves."""
        if self._output.json:
            self._output.event("event", event=event, data=data)
        self._take(event, data)

    def _take(self, event: str, data: Any) -> None:
        self.answer.take(event, data)
        if self._output.json:
            return
        if event == TOKEN and isinstance(data, dict):
            self._write(plain_text(str(data.get("text", ""))))
        elif event == META:
            self._name_server()
        elif event == "queue" and isinstance(data, dict):
            self._output.note(f"every node is busy; place {data.get('position')} in the queue")

    def _write(self, text: str) -> None:
        if text:
            self._output.write(text)
            self._is_mid_line = not text.endswith("\n")

    def _name_server(self) -> None:
        served_by = one_line(f"{self.answer.server} · {self.answer.model or 'unknown model'}")
        if served_by != self._served_by:
            self._end_line()
            self._served_by = served_by
            self._output.note(f"→ {served_by}")

    def _end_line(self) -> None:
        if self._is_mid_line:
            self._write("\n")

    def finish(self) -> None:
        """The answer is over.

        Raises:
            JobFailed: with an error instead of an end.
        """
        self._end_line()
        if self.answer.error is not None:
            raise JobFailed(
                self.answer.error,
                details=self.answer.as_json(),
                hint="infernet doctor",
            )
        if self._output.json:
            self._output.end(ok=True, **self.answer.as_json())
        else:
            self._output.note(f"  {self.answer.figures()}")

    def leave(self, reason: BaseException) -> None:
        """Nothing more comes; what is printed next starts on a line of its own."""
        with contextlib.suppress(BrokenPipeError):
            self._end_line()
            if self._output.json and isinstance(reason, KeyboardInterrupt):
                self._output.end(ok=False, error=error_fields(Interrupted()))


class LocalAnswerPrinter(AnswerPrinter):
    """The same for this machine's own engine; `--json` has the engine's event lines."""

    def __init__(self, output: Output) -> None:
        super().__init__(output)
        self._id = str(uuid.uuid4())

    def event(self, event: str, data: Any) -> None:
        """One event of the engine."""
        if self._output.json:
            self._output.event(event, v=1, id=self._id, **data)
        self._take(event, data)
