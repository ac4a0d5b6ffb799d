# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/completion: the script by which a shell completes the commands of scripts/.

It asks the command itself, by click's protocol, which offers what offers.py has. Another project may have a
scripts/test too: what is asked is always this checkout's own, and only where that is what was typed."""

import importlib

import click

from vvs_tools import TOP, console, usage
from vvs_tools.console import Exit, main

SCRIPTS = TOP / "scripts"

BASH = """\
_vvs_complete() {
    local type value own=%(scripts)s/${1##*/}
    COMPREPLY=()
    [[ $1 -ef $own ]] || { compopt -o default; return; }
    while IFS=, read -r type value; do
        case $type in
        plain) COMPREPLY+=("$value") ;;
        dir) compopt -o dirnames ;;
        file) compopt -o default ;;
        esac
    done < <(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD %(variable)s=bash_complete "$own")
}
complete -o nosort -F _vvs_complete %(words)s
"""

ZSH = """\
#compdef %(words)s
_vvs_complete() {
    local own=%(scripts)s/${words[1]:t} type key about
    local -a answer plain described
    [[ $words[1] -ef $own ]] || { _default; return }
    answer=("${(@f)$(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) %(variable)s=zsh_complete $own)}")
    for type key about in $answer; do
        case $type in
        plain) [[ $about == _ ]] && plain+=("$key") || described+=("$key:$about") ;;
        dir) _path_files -/ ;;
        file) _path_files -f ;;
        esac
    done
    (( ! $#described )) || _describe -V unsorted described
    (( ! $#plain )) || compadd -V unsorted -a plain
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _vvs_complete %(words)s
"""

FISH = """\
function __vvs_complete
    set -l own %(scripts)s/(basename (commandline -opc)[1])
    set -lx %(variable)s fish_complete
    for line in (env COMP_WORDS=(commandline -cp) COMP_CWORD=(commandline -t) $own)
        set -l parts (string split -m 1 , -- $line)
        switch $parts[1]
            case plain
                echo $parts[2]
            case dir
                __fish_complete_directories $parts[2]
            case file
                __fish_complete_path $parts[2]
        end
    end
end
for name in %(names)s
    complete --no-files --path %(scripts)s/$name --arguments '(__vvs_complete)'
end
"""

SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def names() -> list[str]:
    """The commands."""
    return sorted(path.name for path in SCRIPTS.iterdir() if path.is_file() and not path.suffix)


def command(name: str) -> click.Command:
    """What scripts/`name` is to click."""
    found: click.Command = importlib.import_module(f"vvs_tools.{name}").cli
    return found


def script(shell: str) -> str:
    """As a shell reads it; a command may be typed from the checkout's top folder, or by its whole path."""
    ways = ("scripts", "./scripts", str(SCRIPTS))
    words = " ".join(f"{way}/{name}" for way in ways for name in names())
    told = {"scripts": SCRIPTS, "names": " ".join(names()), "words": words, "variable": console.COMPLETE}
    return SHELLS[shell] % told


EPILOG = usage.epilog(
    """
  source <(scripts/completion bash)           in ~/.bashrc, by the whole path
  scripts/completion zsh                      the same for ~/.zshrc
  scripts/completion fish | source            in ~/.config/fish/config.fish
""",
)


@click.command(epilog=EPILOG)
@click.argument("shell", type=click.Choice(list(SHELLS)))
def cli(shell: str) -> Exit:
    """Print the script by which SHELL completes the commands of scripts/.

    Completed are options, and names of targets, bugs, requirements, vectors, presets, adapters, findings.
    """
    click.echo(script(shell), nl=False)
    return Exit.CLEAN


if __name__ == "__main__":
    main(cli, "completion")
