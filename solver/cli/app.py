"""The commands. Whatever is heavy is imported inside them."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from solver.cli.words import DETAILS, FORMATS, REPORTS, TEMPLATES


class DefaultGroup(TyperGroup):
    """A group whose first word may be a file: then the command is to solve it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = {option for param in self.get_params(ctx) for option in (*param.opts, *param.secondary_opts)}
        if args and args[0] not in self.commands and args[0].split("=")[0] not in own:
            args.insert(0, "solve")
        if args[:1] == ["grade"]:
            args = _each_answer(args)
        return super().parse_args(ctx, args)


def _each_answer(args: list[str]) -> list[str]:
    """`PROBLEMS --answers A B` as `PROBLEMS --answers A --answers B`: behind the problems all files are answers."""
    spread: list[str] = []
    problems = listing = False
    for place, arg in enumerate(args):
        if arg.startswith("-") and arg != "-":
            listing = arg in ("--answers", "-a") and problems
        elif place and args[place - 1] not in ("--answers", "-a"):
            if listing:
                spread.append("--answers")
            problems = problems or not args[place - 1].startswith("-")
        spread.append(arg)
    return spread


app = typer.Typer(
    cls=DefaultGroup,
    help="Worked solutions of machine-learning exam problems: `solve problem.yaml`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `solve examples`, or `solve new logistic-gd`.",
)


def _one_of(words: tuple[str, ...]) -> Any:
    from solver.errors import did_you_mean, listed, quoted

    def check(value: str | None) -> str | None:
        if value is not None and value not in words:
            hint = did_you_mean(value, words)
            raise typer.BadParameter(
                f"{quoted(value)} is not one of {listed(words)}" + (f"; {hint}" if hint else "")
            )
        return value

    return check


@app.callback(invoke_without_command=False)
def root(
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version and stop.")] = False,
) -> None:
    if version:
        from solver import __version__

        typer.echo(f"solve {__version__}")
        raise typer.Exit


@app.command(name="solve")
def solve_command(
    paths: Annotated[
        list[str], typer.Argument(metavar="FILE|FOLDER|-…", help="Problem files; - is standard input.")
    ],
    format: Annotated[
        str, typer.Option("--format", "-f", callback=_one_of(FORMATS), help="terminal or json.")
    ] = "terminal",
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="OUT", help="Write to this file.")
    ] = None,
    detail: Annotated[
        str, typer.Option("--detail", callback=_one_of(DETAILS), help="brief, normal or full.")
    ] = "normal",
    digits: Annotated[
        int | None, typer.Option("--digits", min=1, max=15, metavar="N", help="Significant digits shown.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Only this quantity and what it needs; may be repeated."),
    ] = None,
    no_pager: Annotated[bool, typer.Option("--no-pager", help="Print long pages without the pager.")] = False,
) -> int:
    """Print worked solutions (the default command)."""
    from solver.cli.solve import Options, solve

    return solve(paths, Options(format, output, detail, digits, tuple(only or ()), not no_pager))


REPORT = typer.Option(
    "--format", "-f", callback=_one_of(REPORTS), help="terminal, json, csv, markdown or gradescope."
)
OUTPUT = typer.Option("--output", "-o", metavar="OUT", help="Write to this file, or folder of files.")
FAIL_UNDER = typer.Option("--fail-under", metavar="PERCENT", help="Exit with 1 if the mean is less.")
MOODLE = typer.Option(
    "--moodle", metavar="WORKSHEET", help="Fill in a downloaded grading worksheet: a new file, or OUT."
)


@app.command()
def grade(
    paths: Annotated[
        list[str], typer.Argument(metavar="PROBLEMS…", help="Problem files or folders; - is standard input.")
    ],
    answers: Annotated[
        list[str] | None,
        typer.Option(
            "--answers",
            "-a",
            metavar="FILE|FOLDER|CSV",
            help="Answers, one student a file or a row; may be repeated. Without: those in the problems.",
        ),
    ] = None,
    format: Annotated[str, REPORT] = "terminal",
    output: Annotated[str | None, OUTPUT] = None,
    map: Annotated[
        str | None, typer.Option("--map", metavar="FILE", help="Which column is which, as YAML.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, metavar="N", help="So many workers (default: all cores)."),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.01, metavar="SECONDS", help="So long may one paper take.")
    ] = 60,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="JOURNAL", help="Keep a journal, and go on where it ends."),
    ] = None,
    fail_under: Annotated[float | None, FAIL_UNDER] = None,
    template: Annotated[
        str | None,
        typer.Option("--template", callback=_one_of(TEMPLATES), help="An empty answer file: csv or yaml."),
    ] = None,
    moodle: Annotated[str | None, MOODLE] = None,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Only this part of the class; see `solve merge`."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="ADDRESS", help="Workers of a dask scheduler, tcp://host:8786."),
    ] = None,
    no_pager: Annotated[
        bool, typer.Option("--no-pager", help="Print long reports without the pager.")
    ] = False,
) -> int:
    """Mark answers: errors carried forward, mistakes named."""
    from solver.cli.grade import Options, grade

    options = Options(
        tuple(answers or ()),
        format,
        output,
        map,
        jobs,
        timeout,
        resume,
        fail_under,
        template,
        moodle,
        shard,
        cluster,
        not no_pager,
    )
    return grade(paths, options)


@app.command()
def merge(
    journals: Annotated[
        list[str], typer.Argument(metavar="JOURNAL…", help="The journals of all parts of a class.")
    ],
    format: Annotated[str, REPORT] = "terminal",
    output: Annotated[str | None, OUTPUT] = None,
    fail_under: Annotated[float | None, FAIL_UNDER] = None,
    moodle: Annotated[str | None, MOODLE] = None,
    no_pager: Annotated[
        bool, typer.Option("--no-pager", help="Print long reports without the pager.")
    ] = False,
) -> int:
    """Report on a class that was marked in parts (`solve grade --shard 1/8 --resume part1.journal`)."""
    from solver.cli.grade import Options, merged

    options = Options(format=format, output=output, fail_under=fail_under, moodle=moodle, paged=not no_pager)
    return merged(journals, options)


@app.command()
def validate(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Problem files or folders.")],
) -> int:
    """Say what is wrong with problem files, without solving them."""
    from solver.cli.validate import validate

    return validate(paths)


@app.command()
def new(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="One of `solve kinds`.")],
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="OUT", help="Write to this file.")
    ] = None,
) -> int:
    """Print a commented problem file to fill in."""
    from solver.cli.guide import new

    return new(kind, output)


@app.command()
def kinds(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="Tell all about this one.")] = None,
) -> int:
    """List the kinds of problems, or one kind's fields, quantities and an example."""
    from solver.cli.guide import kinds

    return kinds(kind)


@app.command()
def schema(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="Only for this kind.")] = None,
) -> int:
    """Print the JSON Schema of problem files, for completion in editors."""
    from solver.cli.guide import schema

    return schema(kind)


@app.command()
def examples(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Copy this one here.")] = None,
) -> int:
    """List the problems that come with the program; with a name, copy that one here."""
    from solver.cli.guide import examples

    return examples(name)


@app.command()
def completion(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")],
) -> int:
    """Print the completion script of a shell; nothing on the machine is changed."""
    from solver.cli.completion import completion

    return completion(shell)
