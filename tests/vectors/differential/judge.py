"""Judges tokens with PyJWT, one verdict a line.

The first line of the input says what is asked for and has the keys. Each further line is a token with the
place of its key and the second at which it is to be judged. The answer to the first line are the versions
that judge; the answer to a token is `accepted` or the name of the exception that refused it.
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
    """What PyJWT reads the time from: it stands at the second of the token."""

    second = 0

    @classmethod
    def now(cls, tz=None):
        return datetime.fromtimestamp(cls.second, tz)


def check_clock():
    """Fails unless PyJWT reads the time from here: it may come to read it from elsewhere."""
    secret = "a secret that is long enough for HMAC"
    token = jwt.encode({"exp": 2000}, secret, "HS256")
    StandingClock.second = 1999
    jwt.decode(token, secret, ["HS256"])
    StandingClock.second = 2000
    try:
        jwt.decode(token, secret, ["HS256"])
    except jwt.ExpiredSignatureError:
        return
    sys.exit("PyJWT does not read the time where it is set")


def load(key):
    """Parses a public key once; a secret stays what it is."""
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
    except Exception as refusal:  # a crash is no verdict in favour of the token
        known = isinstance(refusal, jwt.PyJWTError)
        return type(refusal).__name__ if known else f"crash: {type(refusal).__name__}"
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
