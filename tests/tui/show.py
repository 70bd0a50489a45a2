"""One scene in this terminal, with time standing still: `python -m tests.tui.show busy-room`.

Keys do what they always do, as far as nobody else is needed for it; Ctrl-D ends it."""

import asyncio
import os
import sys
import time
from contextlib import ExitStack

from prompt_toolkit.application import Application, create_app_session
from prompt_toolkit.layout import BufferControl, Layout, Window

from chat.tui.effects import Quit, Repaint
from chat.tui.keys import load_keys
from chat.tui.model import Model
from chat.tui.output import TerminalOutput
from chat.tui.renderer import RowRenderer
from chat.tui.styles import load_style
from chat.tui.terminal import open_terminal

from .scenes import SCENES, play


async def show(model: Model) -> None:
    with ExitStack() as stack:
        keyboard, screen = open_terminal(stack)
        assert isinstance(screen, TerminalOutput)
        screen.attach(asyncio.get_running_loop(), lambda: None)
        stack.enter_context(create_app_session(keyboard, screen))
        control = BufferControl(model.line.buffer)
        program: Application[None] = Application(
            layout=Layout(Window(control)), key_bindings=load_keys(model), full_screen=True
        )
        renderer = RowRenderer(load_style(), screen, model.view, drain=screen.drain)
        program.renderer = renderer

        def before_key(_: object) -> None:
            model.before_key()

        def after_key(_: object) -> None:
            model.after_key()
            control.buffer = model.line.buffer
            for effect in model.drain():
                match effect:
                    case Repaint():
                        renderer.begin_again()
                    case Quit():
                        program.exit()

        program.key_processor.before_key_press += before_key
        program.key_processor.after_key_press += after_key
        await program.run_async()


def main(name: str) -> None:
    os.environ["TZ"] = "UTC"
    time.tzset()
    columns, rows = os.get_terminal_size()
    asyncio.run(show(play(name, columns, rows)))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in SCENES:
        sys.exit(f"python -m tests.tui.show SCENE: one of {', '.join(SCENES)}")
    main(sys.argv[1])
