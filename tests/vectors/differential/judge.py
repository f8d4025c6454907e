"""Verifies tokens with PyJWT and prints one verdict per line.

The first line of the input contains the requirements and the keys. Each further line is a token with the index of its
key and the second at which to verify it. The output for the first line is the versions of the packages; the output for
a token is `accepted` or the name of the exception.
"""

import json
import sys
import warnings
from datetime import datetime
from importlib.metadata import version

import jwt
import jwt.api_jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import OKPAlgorithm


class StandingClock(datetime):
    """Replaces the clock of PyJWT. It returns the second of the token."""

    second = 0

    @classmethod
    def now(cls, tz=None):
        return datetime.fromtimestamp(cls.second, tz)


def check_clock():
    """Fails unless PyJWT reads the time from this clock, which a later release may not do."""
    secret = "a secret that is long enough for HMAC"
    token = jwt.encode({"exp": 2000}, secret, "HS256")
    StandingClock.second = 1999
    jwt.decode(token, secret, ["HS256"])
    StandingClock.second = 2000
    try:
        jwt.decode(token, secret, ["HS256"])
    except jwt.ExpiredSignatureError:
        return
    sys.exit("PyJWT does not read the time from the replaced clock")


def load(key):
    """Parses a public key once; returns a secret unchanged."""
    text = key["key"]
    public = text.startswith("-----BEGIN PUBLIC KEY-----")
    return (load_pem_public_key(text.encode()) if public else text), key["algorithms"]


def judge(task, keys, key, second, token):
    StandingClock.second = second
    key, algorithms = keys[key]
    try:
        jwt.decode(
            token,
            key,
            algorithms,
            issuer=task["issuer"],
            audience=task["audience"],
            leeway=task["leeway"],
            options={"require": ["exp", "iss", "aud"]},
        )
    except Exception as error:  # a crash does not count as acceptance
        known = isinstance(error, jwt.PyJWTError)
        return type(error).__name__ if known else f"crash: {type(error).__name__}"
    return "accepted"


def main():
    warnings.simplefilter("error")
    jwt.api_jwt.datetime = StandingClock
    check_clock()
    jwt.register_algorithm("Ed25519", OKPAlgorithm())
    task = json.loads(sys.stdin.readline())
    keys = [load(key) for key in task["keys"]]
    versions = [f"{package} {version(package)}" for package in ("PyJWT", "cryptography")]
    print(*versions, f"Python {sys.version.split()[0]}", sep=", ", flush=True)
    for line in sys.stdin:
        print(judge(task, keys, *json.loads(line)), flush=True)


main()
