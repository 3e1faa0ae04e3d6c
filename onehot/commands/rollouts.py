"""`onehot rollout`: a version comes to answer step by step, watched by guards; asked from the service."""

import sys
from pathlib import Path
from typing import Any

import click

from models.spec.rollout.rollout_plan import ON_BREACH, Guards, read_request
from models.spec.yaml_text import load_document
from onehot.client import Service
from onehot.commands.options import json_option, settings_here
from onehot.failures import WrongUsage
from onehot.output import print_json, print_line, print_list, program
from onehot.releasing.following_rollout import follow_rollout
from onehot.releasing.rollout_text import print_rollout

__all__ = ["rollout"]

USUAL_STEPS = ({"shadow": 100}, {"canary": 5}, {"canary": 25}, {"canary": 100})
PERCENT = click.FloatRange(0, 100, min_open=True)


@click.group()
def rollout() -> None:
    """Bring a version to answer step by step; promote it, or take it back."""


@rollout.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1))
@click.option("--plan", metavar="FILE", help="YAML or JSON: steps, hold_s, minimum_rows, guards, sticky, on_breach.")
@click.option("--shadow", type=PERCENT, multiple=True, help="A step beside the default version, in percent.")
@click.option("--canary", type=PERCENT, multiple=True, help="A step in which it answers so many percent.")
@click.option("--hold", "hold_s", type=click.FloatRange(0), help="Seconds that each step is watched at least.")
@click.option("--minimum-rows", type=click.IntRange(1), help="Rows that it computes in each step at least.")
@click.option("--guard", "guards", multiple=True, metavar="NAME=LIMIT", help="As error_rate=0.01; again for others.")
@click.option("--sticky", metavar="HEADER", help="A header by which a caller stays on one side.")
@click.option("--on-breach", type=click.Choice(ON_BREACH), help="What a breached guard does.")
@click.option("--follow", is_flag=True, help="Follow it to its end.")
@json_option
def start(model: str, version: int, plan: str | None, follow: bool, as_json: bool, **options: Any) -> None:  # noqa: FBT001
    """Begin the rollout of VERSION of MODEL.

    Without steps: shadow 100, canary 5, 25 and 100 percent. Options win over the plan's file.
    """
    document = _plan(plan, **options)
    read_request({"candidate": version, **document})
    with Service.from_settings(settings_here()) as service:
        begun = service.start_rollout(model, {"candidate": version, **document})
        if follow:
            follow_rollout(service, model, as_json=as_json)
        elif as_json:
            print_json(begun)
        else:
            print_line(f"Rollout {begun['id']}: {begun['reason']}")
            print_line(f"Next: {program()} rollout follow {model}")


@rollout.command()
@click.argument("model")
@json_option
def show(model: str, as_json: bool) -> None:  # noqa: FBT001
    """Show the rollout of MODEL: its step, figures, guards and story."""
    with Service.from_settings(settings_here()) as service:
        found = service.rollout(model)
    if as_json:
        print_json(found)
    else:
        print_rollout(found)


@rollout.command()
@click.argument("model")
@json_option
def follow(model: str, as_json: bool) -> None:  # noqa: FBT001
    """Follow the rollout of MODEL to its end; exit status 1 unless the version was promoted."""
    with Service.from_settings(settings_here()) as service:
        follow_rollout(service, model, as_json=as_json)


@rollout.command("list")
@click.argument("model")
@json_option
def list_rollouts(model: str, as_json: bool) -> None:  # noqa: FBT001
    """List the ended rollouts of MODEL, the newest first."""
    with Service.from_settings(settings_here()) as service:
        found = service.rollouts(model)
    headings = ("ROLLOUT", "VERSION", "STATE", "BEGAN", "ENDED", "REASON")
    rows = [
        (one["id"], one["candidate"], one["state"], one["created_at"], one["ended_at"], one["reason"]) for one in found
    ]
    print_list(found, headings, rows, as_json=as_json, empty=f"No rollout of {model} has ended yet.")


@rollout.command()
@click.argument("model")
@json_option
def promote(model: str, as_json: bool) -> None:  # noqa: FBT001
    """Let `stable` name the candidate now, past the steps that are left."""
    _steer(model, "promote", as_json=as_json)


@rollout.command()
@click.argument("model")
@json_option
def rollback(model: str, as_json: bool) -> None:  # noqa: FBT001
    """End the rollout: the default version answers every request."""
    _steer(model, "rollback", as_json=as_json)


@rollout.command()
@click.argument("model")
@json_option
def pause(model: str, as_json: bool) -> None:  # noqa: FBT001
    """Hold the rollout in its step."""
    _steer(model, "pause", as_json=as_json)


@rollout.command()
@click.argument("model")
@json_option
def resume(model: str, as_json: bool) -> None:  # noqa: FBT001
    """Let a paused rollout go on; its step begins again."""
    _steer(model, "resume", as_json=as_json)


def _steer(model: str, verb: str, *, as_json: bool) -> None:
    with Service.from_settings(settings_here()) as service:
        found = service.steer_rollout(model, verb)
    if as_json:
        print_json(found)
    else:
        state = found["state"].replace("_", " ")
        print_line(f"version {found['candidate']} of {model}: {state}, {found['reason']}")


def _plan(
    path: str | None, *, shadow: tuple[float, ...], canary: tuple[float, ...], guards: tuple[str, ...], **options: Any
) -> dict[str, Any]:
    """The plan of a file, changed by what the options say."""
    document = {} if path is None else _read(path)
    steps = [*({"shadow": one} for one in shadow), *({"canary": one} for one in canary)]
    if steps or "steps" not in document:
        document["steps"] = steps or list(USUAL_STEPS)
    if guards:
        document["guards"] = {**(document.get("guards") or {}), **dict(map(_guard, guards))}
    return document | {name: value for name, value in options.items() if value is not None}


def _guard(text: str) -> tuple[str, float]:
    name, _, limit = text.partition("=")
    try:
        if name in Guards.__dataclass_fields__:
            return name, float(limit)
    except ValueError:
        pass
    names = ", ".join(Guards.__dataclass_fields__)
    raise click.UsageError(f"--guard: expected NAME=LIMIT with one of {names}; received {text!r}")


def _read(path: str) -> dict[str, Any]:
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise WrongUsage(f"{path}: {error.strerror}") from error
    return load_document(content, name="standard input" if path == "-" else path)
