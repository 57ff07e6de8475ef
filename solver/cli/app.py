"""The commands. Whatever is heavy is imported inside them."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from solver.cli.words import DETAILS, FORMATS


class DefaultGroup(TyperGroup):
    """A group whose first word may be a file: then the command is to solve it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = {option for param in self.get_params(ctx) for option in (*param.opts, *param.secondary_opts)}
        if args and args[0] not in self.commands and args[0].split("=")[0] not in own:
            args.insert(0, "solve")
        return super().parse_args(ctx, args)


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

    def check(value: str) -> str:
        if value not in words:
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
