"""`nc -u` is a client."""

import asyncio

from ..needs import needs
from .programs import Program, done, running, serving


async def told(program: Program, text: str) -> str:
    """The first line that contains this text."""
    async with asyncio.timeout(20):
        while True:
            for line in program.out:
                if text in line:
                    return line
            await asyncio.sleep(0.01)


@needs("nc")
async def test_nc_is_a_client() -> None:
    async with serving() as server:
        address = ("127.0.0.1", str(server.port))
        async with running("nc", "-u", *address) as nc, running("nc", "-u", *address) as other:
            nc.write("hello from nc\n")
            said = await told(nc, "hello from nc")
            endpoint, _, rest = said.partition("] ")
            port = endpoint.rpartition(":")[2]
            assert endpoint == f"[127.0.0.1:{port}"
            assert rest == f"guest-{port}: hello from nc"
            assert "you are guest-" in nc.out[0] or "you are guest-" in nc.out[1]

            other.write("/nick zoë\n")
            assert await told(other, "you are zoë now")
            other.write("me too\n")
            assert (await told(nc, "me too")).endswith("] zoë: me too")

            nc.write("/who\n")
            assert (await told(nc, "-- zoë  127.0.0.1:")).startswith("-- zoë")
            nc.write("//who is that?\n")
            assert (await told(other, "who is that?")).endswith(f"guest-{port}: /who is that?")
            nc.write("/wohs\n")
            assert "did you mean /who?" in await told(nc, "/wohs")
            nc.write("/msg zoë psst\n")
            assert (await told(other, "psst")).endswith(f"guest-{port} (to you): psst")
            nc.write("/topic of the day\n")
            await told(other, f"* guest-{port} changed the topic to: of the day")
            nc.write("/me waves\n")
            assert (await told(other, "waves")).endswith(f"] * guest-{port} waves")

            sealed = await done("send", server.link, "--name", "ann", "hello from a script")
            assert sealed.code == 0
            assert (await told(nc, "hello from a script")).endswith("] ann*: hello from a script")
            nc.write("/quit\n")
            await told(nc, "-- goodbye")
            await told(other, f"* guest-{port} left")


@needs("nc")
async def test_a_closed_nc_is_noticed_at_the_next_word() -> None:
    async with serving() as server:
        address = ("127.0.0.1", str(server.port))
        async with running("nc", "-u", *address) as nc:
            nc.write("hello\n")
            await told(nc, "hello")
            name = (await told(nc, ": hello")).partition("] ")[2].partition(":")[0]
            async with running("nc", "-u", *address) as other:
                other.write("here\n")
                await told(nc, "here")
                await nc.kill()
                other.write("gone?\n")
                await told(other, f"* {name} left")


@needs("nc")
async def test_plain_text_is_off_where_it_is_off() -> None:
    async with (
        serving("--plain", "off") as server,
        running("nc", "-u", "-w", "1", "127.0.0.1", str(server.port)) as nc,
    ):
        nc.write("hello\n")
        nc.close_input()
        await nc.ended()
        log = await done("tail", server.link, "--from", "start", "--no-follow")
    assert (nc.out, log.out) == ([], [])
