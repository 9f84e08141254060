"""JSON Web Tokens."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from iam.federation import tokens

KEYS = {algorithm: tokens.new_key(algorithm) for algorithm in ("RS256", "ES256", "ES384", "ES512")}
# The same RSA key signs with every digest.
KEYS |= {"RS384": KEYS["RS256"], "RS512": KEYS["RS256"]}


def part(content) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def jwks(algorithm, kid="a"):
    return [tokens.jwk_of(KEYS[algorithm].public_key(), algorithm, kid)]


@pytest.mark.parametrize("algorithm", tokens.ALGORITHMS)
def test_signature_of_each_algorithm_is_verified(algorithm):
    token = tokens.read(tokens.sign({"sub": "x"}, KEYS[algorithm], algorithm, "a"))

    tokens.verify(token, jwks(algorithm))

    assert token.claims == {"sub": "x"}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_changed_claims_are_refused(algorithm):
    header, _, signature = tokens.sign({"sub": "x"}, KEYS[algorithm], algorithm, "a").split(".")

    with pytest.raises(tokens.BadToken, match="does not match"):
        tokens.verify(tokens.read(f"{header}.{part({'sub': 'y'})}.{signature}"), jwks(algorithm))


@pytest.mark.parametrize(
    "jwk",
    [
        {"kid": "b"},
        {"use": "enc"},
        {"alg": "ES384"},
        {"kty": "RSA"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"crv": "P-384"},
        {"x": "AAAA"},
        {"x": None},
    ],
)
def test_keys_that_are_not_for_the_token_do_not_count(jwk):
    token = tokens.read(tokens.sign({}, KEYS["ES256"], "ES256", "a"))

    with pytest.raises(tokens.BadToken):
        tokens.verify(token, [{**jwks("ES256")[0], **jwk}])


def test_short_rsa_keys_are_refused():
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)

    with pytest.raises(tokens.BadToken, match="too short"):
        tokens.public_key(tokens.jwk_of(weak.public_key(), "RS256", "a"))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": "a"},
        {"alg": "HS256", "kid": "a"},
        {"alg": "PS256", "kid": "a"},
        {"alg": ["ES256"], "kid": "a"},
        {"alg": "ES256"},
        {"alg": "ES256", "kid": "a", "crit": ["exp"]},
        ["ES256"],
    ],
)
def test_headers_that_ask_for_anything_else_are_refused(header):
    with pytest.raises(tokens.BadToken):
        tokens.read(f"{part(header)}.{part({})}.AAAA")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d",
        "é.é.é",
        f"{part({'alg': 'ES256', 'kid': 'a'})}.{part({})}.a",
        "x" * 20_001,
    ],
)
def test_what_is_no_token_is_refused(text):
    with pytest.raises(tokens.BadToken):
        tokens.read(text)


@pytest.mark.parametrize(
    "content",
    [
        b'{"exp": 1, "exp": 2}',
        b'{"exp": NaN}',
        b'{"exp": 1e999}',
        rb'{"sub": "\u0000"}',
        rb'{"sub": "\ud800"}',
        b"[" * 5000,
        b"[]",
        b"\xff",
    ],
)
def test_json_that_readers_take_differently_is_refused(content):
    with pytest.raises(tokens.BadToken):
        tokens.read_object(content)


@given(st.text(alphabet="abcAB019-_.=", max_size=60) | st.text(max_size=30))
def test_no_text_makes_reading_fail_in_another_way(text):
    with pytest.raises(tokens.BadToken):
        tokens.read(text)


@given(st.integers(min_value=0, max_value=255), st.data())
def test_no_changed_byte_passes(value, data):
    token = tokens.sign({"sub": "x"}, KEYS["ES256"], "ES256", "a")
    place = data.draw(st.integers(min_value=0, max_value=len(token) - 1))
    changed = token[:place] + chr(value) + token[place + 1 :]
    if changed == token:
        return
    try:
        read = tokens.read(changed)
        tokens.verify(read, jwks("ES256"))
    except tokens.BadToken:
        return
    # The last character of a part has bits that mean nothing.
    assert read.claims == {"sub": "x"}
