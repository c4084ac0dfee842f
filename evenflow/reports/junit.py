"""JUnit XML: a suite a clip, a test a clause of the gate, so that any CI shows where it broke.

Source: the format as Jenkins, GitLab and pytest read and write it (`testsuites`, `testsuite`,
`testcase` with `failure`, `error` or `skipped`), within Jenkins' schema `jenkins-junit.xsd`, which
counts what was skipped in each suite and not in all of them.
"""

import re
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import quoteattr

from evenflow.core.finding import Finding
from evenflow.core.gate import CLEAR_JND, Verdict
from evenflow.core.kinds import KINDS
from evenflow.core.report import Report
from evenflow.reports.entry import Entry, Unchecked, clock, frames, name_of, not_judged, path_of

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(entries: Sequence[Entry]) -> str:
    """A test report.

    With a gate there is a test a clause, and it fails where the clause does. Without one there is
    a test that nothing clear was found (3 JND and more), and a test for each kind that could be
    judged; those that could not are skipped, one test a reason. A clip that could not be read is
    an error.
    """
    suites = [_suite(entry) for entry in entries]
    totals = " ".join(
        f'{name}="{sum(suite[1][name] for suite in suites)}"'
        for name in ("tests", "failures", "errors")
    )
    body = "".join(suite[0] for suite in suites)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="evenflow" {totals}>\n{body}</testsuites>\n'
    )


def _suite(entry: Entry) -> tuple[str, dict[str, int]]:
    path = path_of(entry)
    if isinstance(entry, Unchecked):
        cases = [_case(path, "can be checked", "error", entry.error, "unreadable")]
    elif entry.gate:
        cases = [_clause(path, verdict, entry) for verdict in entry.gate]
    else:
        cases = list(_kinds(path, entry))
    count = {
        "tests": len(cases),
        "failures": sum("<failure" in case for case in cases),
        "errors": sum("<error" in case for case in cases),
        "skipped": sum("<skipped" in case for case in cases),
    }
    numbers = " ".join(f'{name}="{value}"' for name, value in count.items())
    body = "".join(cases)
    return f"  <testsuite name={_quoted(path)} {numbers}>\n{body}  </testsuite>\n", count


def _clause(path: str, verdict: Verdict, report: Report) -> str:
    name = str(verdict.clause)
    if verdict.passed:
        return _case(path, name)
    if verdict.value is None:
        return _case(path, name, "failure", f"cannot be measured: {verdict.reason}", "gate")
    worst = _worst(
        f
        for f in report.findings
        if verdict.clause.key in ("any", f.kind) and f.span.start_frame == verdict.start_frame
    )
    message = f"{verdict.value:.4g}"
    return _case(
        path, name, "failure", f"{message}, {sentence(worst)}" if worst else message, "gate"
    )


def _kinds(path: str, report: Report) -> Iterable[str]:
    worst = report.worst
    clear = worst is not None and worst.severity_jnd >= CLEAR_JND
    name = f"nothing of {CLEAR_JND:g} jnd or more"
    yield (
        _case(path, name, "failure", sentence(worst), "any")
        if clear and worst
        else _case(path, name)
    )
    for kind in KINDS:
        of_kind = _worst(f for f in report.findings if f.kind == kind)
        if of_kind is not None and of_kind.severity_jnd >= CLEAR_JND:
            yield _case(path, kind, "failure", sentence(of_kind), kind)
        elif of_kind is not None or kind not in report.not_assessable:
            yield _case(path, kind)
    for reason, kinds in not_judged(report).items():
        yield _case(path, f"not judged: {reason}", "skipped", ", ".join(kinds))


def sentence(finding: Finding | None) -> str:
    """Severity, place and explanation of a finding in one line."""
    if finding is None:
        return ""
    where = frames(finding.span.start_frame, finding.span.end_frame)
    return (
        f"{finding.kind} of {finding.severity_jnd:.1f} jnd at {clock(finding.start_s)}, "
        f"frames {where}: {finding.explanation}"
    )


def _worst(findings: Iterable[Finding]) -> Finding | None:
    return max(findings, key=lambda f: f.severity_jnd, default=None)


def _case(path: str, name: str, outcome: str = "", message: str = "", kind: str = "") -> str:
    head = f"    <testcase classname={_quoted(name_of(path))} name={_quoted(name)}"
    if not outcome:
        return f"{head}/>\n"
    kind_attribute = f" type={_quoted(kind)}" if kind else ""
    return f"{head}><{outcome} message={_quoted(message)}{kind_attribute}/></testcase>\n"


def _quoted(text: str) -> str:
    """An attribute value: escaped, without the characters that XML 1.0 cannot hold."""
    return quoteattr(_NOT_XML.sub("\ufffd", text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
