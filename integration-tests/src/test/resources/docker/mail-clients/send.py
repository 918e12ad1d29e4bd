#!/usr/bin/env python3
"""Sends files by Python's smtplib, one after the other over one connection under TLS, each as the bytes that it has."""

import argparse
import pathlib
import smtplib
import ssl


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--option", action="append", default=[], help="a parameter of MAIL")
    parser.add_argument("--to", action="append", required=True)
    parser.add_argument("files", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    with smtplib.SMTP("localhost", arguments.port, timeout=30) as smtp:
        smtp.starttls(context=ssl.create_default_context(cafile="/certificates/ca.crt"))
        if arguments.user:
            smtp.login(arguments.user, arguments.password)
        for file in arguments.files:
            smtp.sendmail("ann@client.test", arguments.to, file.read_bytes(), mail_options=arguments.option)


if __name__ == "__main__":
    main()
