"""Where discord.py finds Discord, and logging in there: every way it can fail becomes one line and an exit code."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.application import Application
from bot.client import WingcordClient
from bot.errors import ExitCode, StartupError
from bot.i18n import _

_LOGIN_SECONDS = 30.0


def point_rest_at(api_url: str | None) -> None:
    """Send discord.py's REST calls to another base, such as a rate-limit proxy; None leaves Discord's own."""
    if api_url is not None:
        Route.BASE = api_url.rstrip("/")


async def log_in(client: discord.AutoShardedClient, token: str, *, gateway_url: str | None) -> Application:
    """Log in and learn where the gateway is; return whose token it is.

    Raises StartupError when the token or the connection does not serve.

    The gateway's address is set where discord.py falls back to after an invalidated session: by default it would
    go to Discord's public address, whatever `/gateway/bot` had answered.
    """
    with startup_errors():
        async with asyncio.timeout(_LOGIN_SECONDS):
            await client.login(token)
            application = client.application or await client.application_info()
            client.shard_count, answered, _limits = await client.http.get_bot_gateway()
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url or answered)
    return Application(application.id, application.name)


async def stay_connected(client: WingcordClient) -> None:
    """Keep the gateway connection until the client is closed; discord.py reconnects by itself.

    Raises StartupError when Discord refuses the session for good.
    """
    with startup_errors():
        await client.connect(reconnect=True)


@contextmanager
def startup_errors() -> Generator[None]:
    """Turn what discord.py raises when Discord cannot be used into StartupError."""
    try:
        yield
    except (discord.LoginFailure, discord.PrivilegedIntentsRequired) as error:
        if isinstance(error.__cause__, discord.HTTPException) and error.__cause__.text.lstrip().startswith("<"):
            raise _unreachable(_("something in between asked for a password of its own")) from error
        raise _token_refused() from error
    except discord.ConnectionClosed as error:
        if error.code == 4004:
            raise _token_refused() from error
        raise StartupError(
            _("Discord ended the session for good (close code {code}).").format(code=error.code),
            exit_code=ExitCode.DISCORD,
        ) from error
    except discord.HTTPException as error:
        if error.status == 401:
            raise _token_refused() from error
        raise _unreachable(_("it answered with status {status}").format(status=error.status)) from error
    except (TimeoutError, discord.GatewayNotFound) as error:
        raise _unreachable(_("it did not answer in time")) from error
    except (OSError, aiohttp.ClientError) as error:
        raise _unreachable(_("no connection")) from error


def _token_refused() -> StartupError:
    return StartupError(
        _(
            "Discord refuses the bot token. Copy it again from the developer portal "
            "(your application, Bot, Reset Token) into DISCORD_TOKEN."
        ),
        exit_code=ExitCode.TOKEN,
    )


def _unreachable(why: str) -> StartupError:
    return StartupError(
        _(
            "Discord cannot be reached at {address}: {why}. Check this machine's network, "
            "and DISCORD_API_URL if you have set it."
        ).format(address=Route.BASE, why=why),
        exit_code=ExitCode.DISCORD,
    )
