"""The terminal client as one thing to run, and to build into something else.

    def connect(on_event: Callable[[object], None]) -> Client:
        return Client(link, name, on_event)

    app = Application(connect)
    app.bind("F8", ("f8",), lambda: app.client.network.blackout(3), "nothing passes for 3 s")
    app.banner = "cutting 30 % of all datagrams"
    app.notice("this is what pending looks like")
    await app.run()                 # until the user quits; the terminal is as it was
    left = await app.settle(5.0)    # messages that nobody confirmed within that time
    await app.client.close()

It needs a running loop from the start, and owns the screen, not the client: that goes on until it
is closed.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import ExitStack

from prompt_toolkit.application import Application as Program
from prompt_toolkit.application import create_app_session
from prompt_toolkit.clipboard import DynamicClipboard, InMemoryClipboard
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import BufferControl, Layout, Window
from prompt_toolkit.output import Output

from chat.client import Client

from .asides import Asides, theme_of
from .effects import Bell, Copy, Quit, Remember, Repaint, Suspend
from .files import SettingsFile
from .gate import Gate
from .health import Phase
from .keys import Binding, add_key, load_keys
from .keystream import Click, KeyStream, Wheel, pointed, take_keys
from .model import Model
from .opening import open_client
from .output import TerminalOutput
from .renderer import RowRenderer
from .settings import Settings
from .shelf import Shelf
from .styles import load_style
from .terminal import handle_signals, open_terminal

Connect = Callable[[Callable[[object], None]], Client]

TICK = 1.0
"""Seconds between two looks at the clock."""

_ESCAPE = 0.03
"""Seconds after which an escape is a key, and not the beginning of one."""

_CHORD = 0.1
"""Seconds that Escape and a key may be apart to be Alt and that key."""


class Application:
    """`connect(on_event)` makes the client, unopened, with that as the one who is told everything;
    it may pass events on to others, too. `input` and `output` go together, and are the terminal's
    if not given. `secret`: the first room's password; without it, the link's invite. `settings`:
    where they are kept, and with them what was typed and the local log; without it nothing is
    kept."""

    def __init__(
        self,
        connect: Connect,
        *,
        input: Input | None = None,
        output: Output | None = None,
        secret: str = "",
        settings: SettingsFile | None = None,
    ) -> None:
        self.client = connect(self._on_event)
        link = self.client.link
        self.client.guest.join(link.room, time.monotonic(), secret=secret or link.invite)
        values, complaints = settings.load() if settings is not None else (Settings(), [])
        self.model = Model(self.client, time.monotonic, lambda: int(time.time() * 1000), values)
        for complaint in complaints:
            self.model.desk.alert(complaint)
        self._shelf = Shelf(self.model, settings) if settings is not None else None
        self._keys = load_keys(self.model)
        self._keys.add(Keys.Vt100MouseEvent, save_before=lambda event: False)(self._pointed)
        self._input = input
        self._output = output
        self._program: Program[None] | None = None
        self.renderer: RowRenderer | None = None
        """What draws, from `run` on; it counts."""
        self._control = BufferControl(self.model.line.buffer)
        self._stream: KeyStream | None = None
        self._gate = Gate(asyncio.get_running_loop(), self._draw)
        self._tasks: list[asyncio.Task[None]] = []
        self._asides: Asides | None = None
        self._working = False
        self._quit = False
        self._failure: BaseException | None = None
        self._moved = asyncio.Event()
        """Something was told."""

    # What its owner does with it

    @property
    def banner(self) -> str:
        """A line at the top of the screen, or nothing."""
        return self.model.banner

    @banner.setter
    def banner(self, text: str) -> None:
        self.model.banner = text
        self._gate.traffic()

    @property
    def pending(self) -> int:
        """Messages of ours that the log has not confirmed."""
        return self.model.desk.pending

    @property
    def unsent(self) -> list[str]:
        """Their texts, as they were typed, in order."""
        return self.model.desk.unsent

    def notice(self, text: str) -> None:
        """A line in the room that is on the screen, for this user only."""
        self.model.desk.notice(text)
        self._gate.traffic()

    def bind(self, shown: str, keys: tuple[str, ...], act: Callable[[], None], text: str) -> None:
        """One more key: as people call it, as prompt_toolkit does (("f8",), or ("escape", "k")),
        what it does, and what /help says of that."""
        binding = Binding(shown, (keys,), lambda model: act(), text)
        self.model.bindings.append(binding)
        add_key(self._keys, binding, self.model)

    def quit(self) -> None:
        """Ends `run`; as the user does."""
        self._quit = True
        program = self._program
        if program is not None and program.future is not None and not program.future.done():
            program.exit()

    async def run(self) -> None:
        """Connects, and shows the screen until the user quits, or the terminal is gone. Raises what
        went wrong within; the terminal is restored in any case."""
        loop = asyncio.get_running_loop()
        with ExitStack() as stack:
            # First, so that it comes last: a terminal that goes away says so more than once, and
            # nothing is to be cut short by that.
            handle_signals(stack, ended=self.quit, continued=self._continued)
            # The terminal may be gone, and does not matter for what is kept.
            if self._shelf is not None:
                self._shelf.tick()
                stack.callback(self._shelf.close)
            program = self._program = self._open(stack)
            before = loop.get_exception_handler()
            loop.set_exception_handler(self._unexpected)
            stack.callback(loop.set_exception_handler, before)
            stack.callback(self._gate.close)
            self._start(open_client(self.client, self._on_event))
            self._start(self._tick())
            try:
                if not self._quit:
                    await program.run_async(set_exception_handler=False)
            except EOFError:
                pass  # The terminal was closed, which is a way to quit.
            finally:
                self._program = None
                await self._stop_tasks()
        if self._failure is not None:
            raise self._failure

    async def settle(self, seconds: float) -> int:
        """Waits until all that was said is in the log, so long at most. Returns how many messages
        are not."""
        if self.model.desk.health.phase is Phase.REFUSED:
            return self.model.desk.pending
        try:
            async with asyncio.timeout(seconds):
                while self.model.desk.pending:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            pass
        return self.model.desk.pending

    # The parts

    def _open(self, stack: ExitStack) -> Program[None]:
        loop = asyncio.get_running_loop()
        if self._input is not None and self._output is not None:
            source, target = self._input, self._output
        else:
            source, target = open_terminal(stack)
        self._stream = take_keys(source, self._focused)
        # A session of our own: prompt_toolkit asks it which program is running.
        stack.enter_context(create_app_session(source, target))
        clipboard = InMemoryClipboard()
        program: Program[None] = Program(
            layout=Layout(Window(self._control)),
            key_bindings=self._keys,
            full_screen=True,
            enable_page_navigation_bindings=False,
            max_render_postpone_time=None,
            terminal_size_polling_interval=0.5 if sys.platform == "win32" else None,
            input=source,
            output=target,
            # What is cut out of a password is gone: Ctrl-Y would show it on another line.
            clipboard=DynamicClipboard(lambda: None if self.model.secret else clipboard),
        )
        program.ttimeoutlen = _ESCAPE
        program.timeoutlen = _CHORD
        terminal = target if isinstance(target, TerminalOutput) else None
        self.renderer = program.renderer = RowRenderer(
            load_style(theme_of(self.model.desk.settings)),
            target,
            self.model.view,
            behind=(lambda: terminal.behind) if terminal else lambda: False,
            drain=terminal.drain if terminal else lambda: None,
        )
        self._asides = Asides(self.model.desk, self.renderer)
        if terminal is not None:
            terminal.attach(loop, self._drained)

        def before_key(_: object) -> None:
            self.model.before_key()

        def after_key(_: object) -> None:
            self.model.after_key()
            self._edit_line()
            self._perform()

        program.key_processor.before_key_press += before_key
        program.key_processor.after_key_press += after_key
        program.before_render += lambda _: self._edit_line()
        program.after_render += self._after_render
        return program

    def _start(self, job: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(job)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    async def _stop_tasks(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # What happens

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.model.tick()
            self._perform()
            self._take_lost_paste()
            if self._shelf is not None:
                self._shelf.tick()
            self._gate.traffic()

    def _on_event(self, event: object) -> None:
        self.model.take(event)
        self._edit_line()
        if self._shelf is not None:
            self._shelf.take(event)
        self._perform()
        self._moved.set()
        self._gate.traffic()

    def _pointed(self, event: KeyPressEvent) -> None:
        match pointed(event.data):
            case Click(column, row):
                self.model.click(column, row)
            case Wheel(up):
                self.model.wheel(up)

    def _focused(self, here: bool) -> None:
        self.model.focused(here)
        self._perform()
        self._gate.traffic()

    def _edit_line(self) -> None:
        """The model may have another one by now."""
        self._control.buffer = self.model.line.buffer

    def _perform(self) -> None:
        """What the model asks for."""
        for effect in self.model.drain():
            match effect:
                case Quit():
                    self.quit()
                case Suspend():
                    if self._shelf is not None:
                        self._shelf.tick()
                    if self._program is not None:
                        self._program.suspend_to_background()
                case Repaint():
                    self._repaint()
                case Copy() | Bell():
                    if self._asides is not None:
                        self._asides.perform(effect)
                case Remember():
                    if self._shelf is not None:
                        self._shelf.remember(effect)
        if self._asides is not None:
            self._asides.restyle(self.model.desk.settings)
        self._work()

    def _work(self) -> None:
        """A long search, a little at a time: keys come in between."""
        if self.model.busy and not self._working:
            self._working = True
            asyncio.get_running_loop().call_soon(self._worked)

    def _worked(self) -> None:
        self._working = False
        self.model.work()
        self._gate.traffic()
        self._work()

    def _take_lost_paste(self) -> None:
        program, stream = self._program, self._stream
        if program is None or stream is None or program.context is None:
            return
        if stream.flush_paste():

            def take() -> None:
                program.key_processor.feed_multiple(program.input.flush_keys())
                program.key_processor.process_keys()

            program.context.copy().run(take)

    # The screen

    def _draw(self) -> None:
        if self._program is not None:
            self._program.invalidate()

    def _drained(self) -> None:
        """The terminal took all; what was not drawn meanwhile is drawn now."""
        if self.renderer is not None and self.renderer.skipped:
            self._draw()

    def _after_render(self, _: object) -> None:
        if self.renderer is None or self.renderer.skipped:
            return
        self._gate.drawn()
        self.model.actions.want_older()
        if isinstance(self.renderer.output, TerminalOutput) and self.renderer.output.lost:
            self.quit()

    def _repaint(self) -> None:
        if self.renderer is not None:
            self.renderer.begin_again()
        self._draw()

    def _continued(self) -> None:
        """After a stop, whoever had the terminal may have left it in any mode."""
        program = self._program
        if program is not None and program.is_running:
            program.input.raw_mode().__enter__()
            if self.renderer is not None:
                self.renderer.begin_again()
            self._draw()

    # What must not happen

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _unexpected(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            self._fail(error)
        else:
            loop.default_exception_handler(context)

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self.quit()
