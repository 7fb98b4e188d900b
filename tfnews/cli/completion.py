"""`tfnews completion`: print the script that completes commands and options in a shell."""

import click
from click.shell_completion import get_completion_class

from tfnews.cli.say import say

_COMPLETE_VARIABLE = "_TFNEWS_COMPLETE"

_INSTALL = {
    "bash": """\
mkdir -p ~/.local/share/bash-completion/completions
tfnews completion bash > ~/.local/share/bash-completion/completions/tfnews
Without the bash-completion package, put this line in ~/.bashrc instead:
eval "$(tfnews completion bash)\"""",
    "zsh": """\
Put this line in ~/.zshrc, after compinit:
eval "$(tfnews completion zsh)\"""",
    "fish": "tfnews completion fish > ~/.config/fish/completions/tfnews.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(list(_INSTALL)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the shell completion script.

    The last lines of the script are comments that say how to install it.
    """
    say(completion(ctx.find_root().command, shell))


def completion(main: click.Command, shell: str) -> str:
    """Return a shell's completion script for `main`, then how to install it, as comments.

    Args:
        main: The `tfnews` command.
        shell: "bash", "zsh" or "fish".
    """
    script = get_completion_class(shell)(main, {}, "tfnews", _COMPLETE_VARIABLE).source()
    install = f"To install it:\n{_INSTALL[shell]}\nThen open a new shell."
    # At the end, since zsh reads `#compdef` on the first line only.
    return script.rstrip() + "\n\n" + "\n".join(f"# {line}" for line in install.splitlines())
