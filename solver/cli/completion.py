"""`solve completion`: the scripts that make a shell complete commands, options and problem files."""

from __future__ import annotations

import sys

from solver.cli.words import COMMANDS, DETAILS, FORMATS
from solver.errors import SolverError, did_you_mean, listed, quoted

OPTIONS = ("--format", "--output", "--detail", "--digits", "--only", "--no-pager", "--help", "--version")

BASH = """\
_solve() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}"
  case "${{COMP_WORDS[COMP_CWORD-1]}}" in
    --format) COMPREPLY=($(compgen -W "{formats}" -- "$word")); return ;;
    --detail) COMPREPLY=($(compgen -W "{details}" -- "$word")); return ;;
    kinds|new|schema) COMPREPLY=($(compgen -W "$(solve kinds 2>/dev/null | cut -d' ' -f1)" -- "$word")); return ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish powershell" -- "$word")); return ;;
    examples) COMPREPLY=($(compgen -W "$(solve examples 2>/dev/null | cut -d' ' -f1)" -- "$word")); return ;;
  esac
  COMPREPLY=($(compgen -d -- "$word") $(compgen -f -X '!*.y*ml' -- "$word"))
  [[ $COMP_CWORD -eq 1 ]] && COMPREPLY+=($(compgen -W "{commands}" -- "$word"))
  [[ $word == -* ]] && COMPREPLY=($(compgen -W "{options}" -- "$word"))
}}
complete -o filenames -F _solve solve
"""

ZSH = """\
#compdef solve
_solve() {{
  _arguments -C \\
    '--format[how to write the solution]:format:({formats})' \\
    '--detail[how much is shown]:detail:({details})' \\
    '--output[write to this file]:file:_files' \\
    '--digits[significant digits]:digits:' \\
    '*--only[only this quantity]:name:' \\
    '--no-pager[without the pager]' \\
    '1: :_alternative "commands:command:({commands})" "files:problem file:_files -g \\"*.(yaml|yml)(-.) *(-/)\\""' \\
    '*:problem file:_files -g "*.(yaml|yml)(-.) *(-/)"'
}}
compdef _solve solve
"""

FISH = """\
complete -c solve -n __fish_use_subcommand -a "{commands}"
complete -c solve -l format -x -a "{formats}"
complete -c solve -l detail -x -a "{details}"
complete -c solve -l output -r
complete -c solve -l digits -x
complete -c solve -l only -x
complete -c solve -l no-pager
complete -c solve -n "__fish_seen_subcommand_from kinds new schema" -x -a "(solve kinds | string split -f1 ' ')"
complete -c solve -n "__fish_seen_subcommand_from completion" -x -a "bash zsh fish powershell"
complete -c solve -n "__fish_seen_subcommand_from examples" -x -a "(solve examples | string split -f1 ' ')"
"""

POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName solve -ScriptBlock {{
  param($word, $ast, $position)
  $words = "{commands} {options}".Split(" ")
  $words | Where-Object {{ $_ -like "$word*" }} | ForEach-Object {{ [System.Management.Automation.CompletionResult]::new($_) }}
  Get-ChildItem -Path "$word*" -Include *.yaml, *.yml -Name
}}
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH, "powershell": POWERSHELL}


def completion(shell: str) -> int:
    """Print the script of a shell."""
    if shell not in SCRIPTS:
        hint = did_you_mean(shell, SCRIPTS)
        raise SolverError(
            f"there is no completion for {quoted(shell)}, only for {listed(SCRIPTS)}", hint=hint
        )
    words = {
        "formats": " ".join(FORMATS),
        "details": " ".join(DETAILS),
        "commands": " ".join(COMMANDS),
        "options": " ".join(OPTIONS),
    }
    sys.stdout.write(SCRIPTS[shell].format(**words))
    return 0
