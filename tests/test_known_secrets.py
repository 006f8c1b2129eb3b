"""The secrets that are masked by their text: whole, wherever they stand, and no longer than they are held."""

import random
import string

from hypothesis import given
from hypothesis import strategies as st

from bot.known_secrets import KnownSecrets

LETTERS = string.ascii_letters + string.digits
KEYS = st.integers(0, 2**32).map(lambda seed: "aA0" + "".join(random.Random(seed).choices(LETTERS, k=45)))
AROUND = st.text(alphabet=LETTERS + "_ .;/", max_size=60)


@given(st.lists(KEYS, min_size=1, max_size=5), AROUND, AROUND, st.integers(0, 4))
def test_a_held_key_is_masked_wherever_it_stands_and_let_go_of_afterwards(keys, before, after, which):
    known = KnownSecrets("[secret]")
    ends = [known.hold(key) for key in keys]
    key = keys[which % len(keys)]
    text = f"{before}{key}{after}"
    assert known.mask(text) == text.replace(key, "[secret]")
    for end in ends:
        end()
        end()  # twice is harmless
    assert known.mask(text) == text
    assert not known._keys


def test_a_key_held_twice_is_masked_until_the_last_has_let_go():
    known, key = KnownSecrets("*"), "aA0" + "x" * 40
    first, second = known.hold(key), known.hold(key)
    first()
    assert known.mask(key) == "*"
    second()
    assert known.mask(key) == key


def test_the_longer_of_two_keys_with_one_beginning_is_masked_whole():
    known, key = KnownSecrets("*"), "aA0" + "x" * 40
    known.hold(key)
    known.hold(key + "yZ9")
    assert known.mask(f"{key} {key}yZ9!") == "* *!"


def test_a_key_with_other_signs_in_it_is_masked_in_its_telling_part():
    known = KnownSecrets("*")
    known.hold("12|" + "aA0" + "x" * 40)
    assert known.mask("Bearer 12|aA0" + "x" * 40) == "Bearer 12|*"


def test_a_hundred_thousand_keys_make_no_line_longer_to_mask():
    """Counted in look-ups, which are as many as there are letters in a long word."""
    known = KnownSecrets("*")
    for number in range(100_000):
        known.hold(f"aA{number:042}")

    class Counted(dict):
        asked = 0

        def get(self, *key):
            Counted.asked += 1
            return super().get(*key)

    known._keys = Counted(known._keys)
    line = "an ordinary line of a hundred letters about a server, a guild and what came of it " * 40
    assert known.mask(line) == line
    assert Counted.asked == 0
    word = "b" * 2_000
    assert known.mask(f"{word} aA{7:042}") == f"{word} *"
    assert Counted.asked <= 2_050


def test_the_owners_secrets_are_masked_longest_first():
    known = KnownSecrets("*")
    known.add("password")
    known.add("password of the owner (really)")
    known.add("short")
    assert known.mask("password of the owner (really), password, short") == "*, *, short"
