"""Both sides of the page in the same colours: what the bot wrote into the channel, and what the server printed."""

import random

from bot.text import ansi

NUMBERS = [0, 1, 2, 3, 4, 5, 7, 9, 21, 22, 24, *range(30, 50), 53, 58, *range(90, 98), *range(100, 108), 256, 9999]


def palette() -> list[str]:
    """Every one of the 256 colours, as letters and behind them, in both spellings."""
    spellings = ("\x1b[{0};5;{1}m", "\x1b[{0}:5:{1}m", "\x1b[1;{0};5;{1};4m")
    return [
        spelling.format(target, number) for number in range(257) for target in (38, 48, 58) for spelling in spellings
    ]


def millions(chance: random.Random) -> list[str]:
    """The corners, the cube of the 256, and some of what lies between."""
    steps = (0, 42, 43, 84, 85, 127, 128, 170, 212, 213, 255)
    some = [(red, green, blue) for red in steps for green in steps for blue in steps]
    some += [tuple(chance.randrange(256) for _ in range(3)) for _ in range(500)]
    spellings = ("\x1b[38;2;{};{};{}m", "\x1b[48;2;{};{};{}m", "\x1b[38:2::{}:{}:{}m", "\x1b[38:2:{}:{}:{}m")
    return [chance.choice(spellings).format(*colour) for colour in some]


def anything(chance: random.Random) -> list[str]:
    """Lines of up to six sequences, right, wrong and cut short."""

    def sequence() -> str:
        separators = chance.choice((";", ";", ";", ":"))
        numbers = [str(chance.choice(NUMBERS)) for _ in range(chance.randrange(6))]
        start = chance.choice(("\x1b[", "\x1b[", "\x1b[", "\x9b", "\x1b[?", "\x1b]0;title\x07\x1b["))
        return start + separators.join(numbers) + chance.choice("mmmmmmmKm")

    return ["b".join(f"{sequence()}a" for _ in range(chance.randrange(1, 7))) for _ in range(3000)]


async def test_both_sides_draw_every_colour_alike(demo):
    chance = random.Random(9)
    printed = [f"{codes}x\x1b[0my" for codes in (*palette(), *millions(chance), *anything(chance))]
    written = [ansi.reduce(line) for line in printed]
    async with demo.visit() as visit:
        differ = await visit.page.evaluate(COMPARE, [printed, written])
        assert differ == []


async def test_discord_knows_few_codes_and_the_page_no_more(demo):
    """What the bot must not send is not drawn as if it worked."""
    codes = [39, 49, 2, 3, 7, 22, 24, *range(90, 98), *range(100, 108)]
    async with demo.visit() as visit:
        drawn = await visit.page.evaluate(DRAW, [f"\x1b[31m\x1b[{code}mx" for code in codes])
        assert drawn == [[["x", "a-31"]]] * len(codes)


LETTERS = """
    const letters = (line) => [...line.childNodes].flatMap((node) =>
        [...node.textContent].map((letter) => [letter, node.className ?? '']));
"""
COMPARE = f"""
    async ([printed, written]) => {{
        const {{ ansiBlock, terminalLines }} = await import('/static/js/ansi.js');
        {LETTERS}
        return printed.map((line, index) => {{
            const [truth, channel] = [terminalLines(line), ansiBlock(written[index])].map((lines) => lines.map(letters));
            return JSON.stringify(truth) === JSON.stringify(channel) ? null : {{ line, truth, channel }};
        }}).filter(Boolean).slice(0, 5);
    }}
"""
DRAW = f"""
    async (lines) => {{
        const {{ ansiBlock }} = await import('/static/js/ansi.js');
        {LETTERS}
        return lines.map((line) => ansiBlock(line).flatMap(letters).map(each => [each])).map((line) => line[0]);
    }}
"""
