"""chat bots report"""

import click

from .common import report_options


@click.command("report")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True)
)
@click.option("--merge", is_flag=True, help="They ran together, on several machines: as one run.")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="EXPR",
    help="Such as p99<50ms or lost==0, besides those of the runs; repeatable.",
)
@report_options
def command(
    files: tuple[str, ...],
    merge: bool,
    thresholds: tuple[str, ...],
    json_file: str | None,
    html_file: str | None,
    hgrm_file: str | None,
) -> int:
    """Show what `chat bots --json` has written: one run; two, compared; or several as one.

    \b
    chat bots report run.json --html run.html
    chat bots report before.json after.json
    chat bots report --merge machine-*.json --threshold lost==0 --html all.html

    Ends as a run does: 98 if one is not valid, 99 if a threshold was missed, 130 if it was
    interrupted. A host that is called report is written chat://report.
    """
    from chat.bots.merge import MergeError
    from chat.bots.report import ThresholdError
    from chat.bots.saved import Outputs, ReportError
    from chat.bots.show import compare, show

    outputs = Outputs(json_file, html_file, hgrm_file)
    try:
        if merge or len(files) == 1:
            return show(files, thresholds, outputs)
        if len(files) > 2:
            raise click.UsageError(f"{len(files)} files: compare two, or add --merge")
        if thresholds or outputs != Outputs():
            raise click.UsageError(
                "a comparison is a table and nothing else: give one file, or add --merge"
            )
        return compare(*files)
    except ThresholdError as error:
        raise click.UsageError(str(error)) from error
    except (ReportError, MergeError) as error:
        raise click.ClickException(str(error)) from error
