"""chat demo"""

import click


@click.command("demo")
def command() -> int:
    """See the claim proven, in one minute.

    A server on a free port of this machine, four bots that talk, and you; then a network that loses
    a third of everything, and one that loses all of it. /quit counts who was shown what. Without a
    terminal it takes ten seconds and is a transcript. Ends with 1 if anything was lost.
    """
    from chat.loop import run_loop
    from chat.tui.terminal import unfit

    if unfit():
        from chat.demo.transcript import transcript

        verdict = run_loop(transcript(click.echo))
    else:
        from chat.demo.screen import screen

        verdict = run_loop(screen(click.echo))
    return 0 if verdict.good else 1
