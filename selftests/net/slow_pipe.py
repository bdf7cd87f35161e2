#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""slow_pipe.py LISTEN-PORT ADDRESS PORT FILE: carries TCP connections to ADDRESS, and each byte waits on its way, in
both directions, for as many milliseconds as FILE says at that moment."""
import asyncio
import sys


def delay_s():
    with open(sys.argv[4], encoding="ascii") as file:
        return int(file.read() or 0) / 1000


async def deliver(queue, writer):
    loop = asyncio.get_running_loop()
    while True:
        due, data = await queue.get()
        await asyncio.sleep(due - loop.time())
        if not data:
            writer.close()
            return
        writer.write(data)
        await writer.drain()


async def carry(reader, writer):
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()
    task = asyncio.create_task(deliver(queue, writer))
    data = b"-"
    while data:
        try:
            data = await reader.read(65536)
        except OSError:
            data = b""
        await queue.put((loop.time() + delay_s(), data))
    try:
        await task
    except OSError:
        pass


async def serve(reader, writer):
    try:
        there_reader, there_writer = await asyncio.open_connection(sys.argv[2], int(sys.argv[3]))
    except OSError:
        writer.close()
        return
    await asyncio.gather(carry(reader, there_writer), carry(there_reader, writer))


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    async with server:
        await server.serve_forever()


asyncio.run(main())
