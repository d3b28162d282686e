"""Is it healthy, does it stay so, and does it write what it must?"""

from __future__ import annotations

from pipeline.adapters.web import Answer
from pipeline.checks.health import ASKS, judge_answer, judge_series
from pipeline.checks.lines import judge_lines
from pipeline.context import Context
from pipeline.errors import PipelineError
from pipeline.model import Outcome, Verdict, concluded
from pipeline.steps.smoking.failing import failed, more_memory, needed
from pipeline.steps.smoking.silence import likely_silence
from pipeline.steps.smoking.starting import Start
from pipeline.steps.smoking.staying import TO_BE_KNOWN, must_run

_EVERY = 0.05  # seconds between looks
_SELDOM = 1.0  # seconds between requests in the end: each may leave a line in its log


def is_healthy(context: Context, start: Start) -> Answer:
    """Ask until it is, at most for the time that it has to listen; the first good answer."""
    world, expect = context.world, context.config.health.expect
    deadline, pause = world.monotonic() + context.config.startup.listen_within, _EVERY
    while True:
        answer = _ask(context, start)
        verdict = judge_answer(answer, expect)
        if verdict.outcome is Outcome.PASS:
            return answer
        is_late = world.monotonic() > deadline
        must_run(context, start.container, "asked", TO_BE_KNOWN if is_late else _EVERY)
        if is_late:
            raise _unhealthy(context, start, verdict)
        world.sleep(pause)
        pause = min(pause * 2, _SELDOM)


def stays_healthy(context: Context, start: Start, cold: Answer) -> None:
    """Several probes over the settling time, after the ``cold`` one; each must pass."""
    health, world = context.config.health, context.world
    began, warm = world.monotonic(), list[Answer]()
    while len(warm) < health.probes:
        due = began + health.settle * (len(warm) + 1) / health.probes
        world.sleep(max(due - world.monotonic(), 0.0))
        warm.append(_ask(context, start))
        if judge_answer(warm[-1], health.expect).outcome is not Outcome.PASS:
            must_run(context, start.container, "asked", TO_BE_KNOWN)
            break
    verdict = judge_series(cold, warm, health.expect, max_latency=health.max_latency)
    if verdict.outcome is not Outcome.PASS:
        raise _unhealthy(context, start, verdict)
    context.report.verdict(verdict)


def wrote_the_right_lines(context: Context, start: Start) -> None:
    """Each required line, waited for, and no forbidden one."""
    startup, world, running = context.config.startup, context.world, start.container
    deadline = world.monotonic() + startup.listen_within
    while True:
        verdict = judge_lines(running.lines, startup.required_logs, startup.forbidden_logs)
        if verdict.outcome is not Outcome.INCONCLUSIVE:
            break
        if world.monotonic() > deadline:
            verdict = concluded(verdict)
            break
        must_run(context, running, "nobody asked")
        world.sleep(_EVERY)
    context.report.verdict(verdict)
    silence = "" if running.lines else likely_silence(running)
    if verdict.outcome is Outcome.FAIL:
        what = f"its output is not right: {verdict.evidence}"
        raise failed(context, running, f"{what}; {silence}" if silence else what)
    if silence:
        context.report.warn(f"{silence}; without it nobody sees why it fails")


def _ask(context: Context, start: Start) -> Answer:
    health, within = context.config.health, context.config.startup.listen_within
    port = start.address.host_port if start.address else 0
    return context.world.get(f"http://127.0.0.1:{port}{health.path}", ASKS, within)


def _unhealthy(context: Context, start: Start, verdict: Verdict) -> PipelineError:
    context.report.verdict(verdict)
    running, path = start.container, context.config.health.path
    said = f"{path} is not healthy: {verdict.evidence}{start.starved}"
    remedy = more_memory(running.run) if start.starved else needed(context, running.lines)
    remedy = remedy or (
        f"mend it; or say in {context.config.file.name} what it needs here (smoke.env, "
        "smoke.services), or what healthy means (health.expect)"
    )
    return failed(context, running, said, remedy)
