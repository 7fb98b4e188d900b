"""The option that lets graphs do more than compute, the same for every command that opens one."""

import click

trust_option = click.option(
    "--trust-graph",
    is_flag=True,
    help="Open a TF-Hub module, or an export, though its graph may do more than compute: it may "
    "then read and write every file that you may.",
)
