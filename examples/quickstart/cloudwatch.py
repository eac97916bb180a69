#!/usr/bin/python3
"""Plays CloudWatch and SNS: sends an alarm to Tocsin, signed as SNS signs, with a key of its own.

    cloudwatch.py --keys FOLDER --url http://127.0.0.1:8080/sources/cloudwatch NAME ALARM|OK

The key and its self-made certificate are made in FOLDER when they are not there; a source of kind cloudwatch-sns
trusts them by "cert_file": "FOLDER/sns-cert.pem", which leaves SigningCertURL out of account. Real topics need no
cert_file: Tocsin then fetches the certificate of SNS itself. String to sign: "Verifying the signatures of Amazon SNS messages" of the SNS developer guide.
"""
from __future__ import annotations

import argparse
import base64
import json
import pathlib
import subprocess
import sys
import time
import typing
import urllib.error
import urllib.request
import uuid

ACCOUNT, REGION = "123456789012", "us-east-1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:ops-alarms"
CERT_URL = f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-{'0' * 32}.pem"
CONTROL = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {"Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
          "SubscriptionConfirmation": CONTROL, "UnsubscribeConfirmation": CONTROL}


def openssl(*words: str | pathlib.Path, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *map(str, words)], input=stdin, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout


def iso(seconds: float) -> str:
    """2026-08-02T17:04:41.030Z"""
    ms = round(seconds * 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"


def alarm(name: str, state: str, at: float | None = None, old: str | None = None,
          description: str = "") -> dict[str, typing.Any]:
    """The Message of a metric alarm that went to `state` at the Unix time `at`."""
    at = time.time() if at is None else at
    reason = {"ALARM": "Threshold Crossed: 1 out of the last 1 datapoints [7.3] was greater than the threshold (5.0).",
              "OK": "Threshold Crossed: 1 out of the last 1 datapoints [0.2] was not greater than the threshold (5.0)."}
    return {
        "AlarmName": name, "AlarmDescription": description or None, "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": "2026-07-20T08:00:00.000+0000", "NewStateValue": state,
        "NewStateReason": reason.get(state, "Insufficient Data: 1 datapoint was unknown."),
        "StateChangeTime": iso(at)[:-1] + "+0000", "Region": "US East (N. Virginia)",
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}",
        "OldStateValue": old or ("OK" if state == "ALARM" else "ALARM"),
        "OKActions": [TOPIC], "AlarmActions": [TOPIC], "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "HTTPCode_Target_5XX_Count", "Namespace": "AWS/ApplicationELB",
            "StatisticType": "Statistic", "Statistic": "SUM", "Unit": None,
            "Dimensions": [{"value": "app/shop/50dc6c495c0c9188", "name": "LoadBalancer"}], "Period": 60,
            "EvaluationPeriods": 1, "DatapointsToAlarm": 1, "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 5.0, "TreatMissingData": "missing", "EvaluateLowSampleCountPercentile": ""}}


class Topic:
    """An SNS topic with a signing key of its own."""

    def __init__(self, folder: pathlib.Path, arn: str = TOPIC) -> None:
        self.arn, self.key, self.cert = arn, folder / "sns-key.pem", folder / "sns-cert.pem"
        if not self.key.exists():
            openssl("req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "30", "-subj",
                    "/CN=sns.amazonaws.com", "-keyout", self.key, "-out", self.cert)
            self.key.chmod(0o600)

    def signed(self, kind: str, message: str, **members: typing.Any) -> dict[str, typing.Any]:
        """A whole message; members replace what SNS would write, None leaves one out."""
        digest = members.pop("digest", "sha256")
        body = {"Type": kind, "MessageId": str(uuid.uuid4()), "TopicArn": self.arn, "Message": message,
                "Timestamp": iso(time.time()), "SignatureVersion": "1" if digest == "sha1" else "2",
                "SigningCertURL": CERT_URL, **members}
        body = {name: value for name, value in body.items() if value is not None}
        text = "".join(f"{name}\n{body[name]}\n" for name in SIGNED[kind] if name in body)
        body["Signature"] = base64.b64encode(
            openssl("dgst", f"-{digest}", "-sign", self.key, stdin=text.encode())).decode()
        return body

    def notification(self, message: dict[str, typing.Any] | str, **members: typing.Any) -> dict[str, typing.Any]:
        """An alarm, or any text, as SNS delivers it."""
        if isinstance(message, dict):
            subject = f'{message["NewStateValue"]}: "{message["AlarmName"]}" in {message["Region"]}'
            members = {"Subject": subject, **members}
            message = json.dumps(message)
        return self.signed("Notification", message, **members)


def deliver(url: str, body: dict[str, typing.Any]) -> tuple[int, str]:
    """As SNS posts it: the type of its content is text although it is JSON."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {
        "Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": body["Type"],
        "x-amz-sns-message-id": body["MessageId"], "x-amz-sns-topic-arn": body["TopicArn"],
        "User-Agent": "Amazon Simple Notification Service Agent"})
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def main() -> int:
    parser = argparse.ArgumentParser(description="sends a CloudWatch alarm as SNS would")
    parser.add_argument("--keys", type=pathlib.Path, required=True, help="folder of the signing key")
    parser.add_argument("--url", required=True, help="http://HOST:PORT/sources/NAME")
    parser.add_argument("name", help="name of the alarm")
    parser.add_argument("state", choices=("ALARM", "OK"))
    args = parser.parse_args()
    message = alarm(args.name, args.state, description=f"Sent by hand: {args.name}.")
    try:
        status, body = deliver(args.url, Topic(args.keys).notification(message))
    except OSError as error:
        print(f"{args.url}: {error}", file=sys.stderr)
        return 1
    print(status, body.strip())
    return 0 if status < 300 else 1


if __name__ == "__main__":
    sys.exit(main())
