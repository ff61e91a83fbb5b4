"""Makes papers beside the event loop, one after the other: reportlab's fonts do not bear two threads at once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Dit = TypeVar("Dit")

_UN_A_LA_FOIS: Final = ThreadPoolExecutor(1, thread_name_prefix="papiers")


async def faire(papier: Callable[[Dit], bytes], dit: Dit) -> bytes:
    """Give a paper once its turn has come."""
    return await asyncio.get_running_loop().run_in_executor(_UN_A_LA_FOIS, papier, dit)
