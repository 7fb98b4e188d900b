import pytest
from click.testing import CliRunner

from tfnews.cli import main

SHELLS = ("bash", "zsh", "fish")


def script(shell):
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    return result.output


def complete(shell, line, word):
    """Answer as the shell's script asks for it."""
    environment = {
        "_TFNEWS_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": word,
    }
    return CliRunner().invoke(main, prog_name="tfnews", env=environment).output


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_asks_tfnews_for_completions(shell):
    assert f"_TFNEWS_COMPLETE={shell}_complete" in script(shell)


@pytest.mark.parametrize("shell", SHELLS)
def test_it_says_how_to_install_it_in_comments_at_the_end(shell):
    last = script(shell).split("# To install it:\n")[1].splitlines()
    assert all(line.startswith("# ") for line in last)
    assert any(f"tfnews completion {shell}" in line for line in last)


def test_zsh_finds_its_marker_on_the_first_line():
    assert script("zsh").startswith("#compdef tfnews\n")


def test_another_shell_is_refused_with_those_allowed():
    result = CliRunner().invoke(main, ["completion", "tcsh"])
    assert result.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in result.stderr


@pytest.mark.parametrize(
    ("shell", "word", "answer"),
    [
        ("bash", "1", "plain,archs"),
        ("zsh", "1", "plain\narchs\nList the architectures that fit can train."),
        ("fish", "arc", "plain,archs\tList the architectures that fit can train."),
    ],
)
def test_a_command_is_completed(shell, word, answer):
    assert complete(shell, "tfnews arc", word).strip() == answer


@pytest.mark.parametrize(
    ("line", "word", "answer"),
    [
        ("tfnews fi", "1", "plain,fit"),
        ("tfnews --de", "1", "plain,--debug"),
        ("tfnews archs --j", "2", "plain,--json"),
        ("tfnews completion z", "2", "plain,zsh"),
    ],
)
def test_commands_options_and_choices_are_completed(line, word, answer):
    assert complete("bash", line, word).strip() == answer
