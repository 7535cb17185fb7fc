"""Reads xl's configuration files, strictly: the syntax of xl.cfg(5) and of libxlu's lexer (tools/libs/util)."""

import re
from typing import Union

Value = Union[str, list[str]]

TOKEN = re.compile(rb"""
    (?P<skip> [ \t]+) | (?P<newline> \n | \#[^\n]*\n) | (?P<ident> [a-z][._0-9a-z]*) | (?P<number> [0-9][0-9a-fx]*)
    | (?P<string> '(?:[^'\\\n]|\\.)*' | "(?:[^"\\\n]|\\.)*") | (?P<sign> [,=;\[\]])""", re.VERBOSE)
ESCAPES = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class Wrong(Exception):
    """xl would not read this."""


def _unquote(token: bytes) -> str:
    def plain(match: re.Match) -> bytes:
        c = match[1]
        if c in b"\"'\\":
            return c
        if c not in ESCAPES:
            raise Wrong(f"escape {c!r}")    # numbers work, too, but not as one thinks
        return ESCAPES[c]
    return re.sub(rb"\\(.)", plain, token[1:-1]).decode("utf-8", "surrogateescape")


def _tokens(text: bytes) -> list[tuple[str, bytes]]:
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise Wrong(f"line {text.count(10, 0, at) + 1}: {text[at:at + 20]!r}")
        if match.lastgroup != "skip":
            found.append((match.lastgroup, match[0]))
        at = match.end()
    return found


def read(text: bytes) -> dict[str, Value]:
    """Each setting's value; none occurs twice."""
    tokens, settings = _tokens(text), {}

    def take(*kinds: str) -> tuple[str, bytes]:
        if not tokens or tokens[0][0] not in kinds:
            raise Wrong(f"{kinds} expected before {tokens[:3]}")
        return tokens.pop(0)

    def newlines() -> None:
        while tokens and tokens[0][0] == "newline":
            tokens.pop(0)

    def scalar() -> str:
        kind, value = take("string", "number")
        return _unquote(value) if kind == "string" else value.decode()

    def items() -> list[str]:
        values: list[str] = []
        newlines()
        while tokens[0] != ("sign", b"]"):
            values.append(scalar())
            newlines()
            if tokens[0] == ("sign", b","):
                tokens.pop(0)
                newlines()
            elif tokens[0] != ("sign", b"]"):
                raise Wrong(f"no comma before {tokens[:3]}")
        tokens.pop(0)
        return values

    newlines()
    while tokens:
        name = take("ident")[1].decode()
        if name in settings or take("sign")[1] != b"=":
            raise Wrong(f"setting {name}")
        if tokens[0] == ("sign", b"["):
            tokens.pop(0)
            settings[name] = items()
        else:
            settings[name] = scalar()
        take("newline")
        newlines()
    return settings
