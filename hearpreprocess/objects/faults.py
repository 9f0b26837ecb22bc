"""One line on an error of a store: the URL, the reason and what to do, without any secret.

The texts of obstore quote URLs and answers of the server, which may hold signatures, tokens and key names. Of these
only the status, the server's error code, a region and a host name are used.
"""

from __future__ import annotations

import os
import re

from hearpreprocess.objects.addresses import WHERE_CREDENTIALS_BELONG, divided

_STATUS = re.compile(r"(?:status code|error response): (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,60})</Code>")
_REGION = re.compile(r"<Region>([a-z0-9-]{1,30})</Region>")
_HOST = re.compile(r"performing [A-Z]+ https?://(?:[^\s/?@]*@)?([A-Za-z0-9.:\[\]-]+)")
_OF_CREDENTIALS = ("169.254.", "metadata.google", "login.microsoftonline", "oauth2.googleapis", "sts.")
_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
"""By scheme, the variables with the URL of another server, first the one that wins."""

_DEBUG = "\n\nDebug source"

_KEY = "the server refuses the credentials. Check {credentials}"
_EXPIRED = "the credentials have expired. Get new ones, set them, and run the same command again"
_REMOVED = (
    "the server no longer has the parts that were sent: another program or a rule of the bucket removed them. Run the "
    "same command again"
)
_RIGHTS = "permission denied. {needs}"
_FULL = "the bucket or its quota is full. Free space or raise the quota, and run the same command again"
_CLOCK = "this machine's clock differs from the server's by more than 15 min. Set it (NTP)"
_NO_BUCKET = "the {bucket} {name!r} does not exist. Create it, or correct the URL"
_DAMAGED = (
    "the server received other bytes than were sent (checksum mismatch); nothing was stored. Run the same command "
    "again; if it fails again, check the network and its proxies"
)
_REGION_WRONG = "the bucket is in another region{region}. Set AWS_REGION"
_REPLACED = "the object was replaced while it was read. Run the same command again"
_BUSY = "the server is busy or has a fault ({shown}). Run the same command again later"

_OF_CODES = {
    **dict.fromkeys(
        (
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "AuthenticationFailed",
            "InvalidAuthenticationInfo",
            "InvalidToken",
            "NoAuthenticationInformation",
        ),
        _KEY,
    ),
    **dict.fromkeys(("ExpiredToken", "TokenRefreshRequired", "ExpiredTokenException"), _EXPIRED),
    **dict.fromkeys(("NoSuchUpload", "InvalidPart", "InvalidBlockList"), _REMOVED),
    **dict.fromkeys(
        (
            "AccessDenied",
            "AllAccessDisabled",
            "AccountProblem",
            "AuthorizationFailure",
            "AuthorizationPermissionMismatch",
            "InsufficientAccountPermissions",
        ),
        _RIGHTS,
    ),
    **dict.fromkeys(("NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted", "InvalidBucketName"), _NO_BUCKET),
    **dict.fromkeys(
        ("QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "XMinioAdminBucketQuotaExceeded"), _FULL
    ),
    **dict.fromkeys(("RequestTimeTooSkewed", "RequestExpired"), _CLOCK),
    **dict.fromkeys(
        ("BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "InvalidDigest", "Md5Mismatch"),
        _DAMAGED,
    ),
    **dict.fromkeys(
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"), _REGION_WRONG
    ),
}

_OF_STATUSES = {412: _REPLACED, 401: _KEY, 403: _RIGHTS, 507: _FULL, 301: _REGION_WRONG}

_NEEDS = {
    "s3": "The key needs s3:PutObject, s3:GetObject, s3:ListBucket and s3:AbortMultipartUpload there",
    "gs": "The account needs storage.objects.create, .get, .list and .delete there",
    "az": "The key needs the rights to read, write and list there (role Storage Blob Data Contributor)",
}


def reason_of(error: BaseException, address: str) -> str:
    """The reason of an error of obstore at a URL, and what to do."""
    scheme, bucket, _key = divided(address)
    text = str(error).partition(_DEBUG)[0]
    whole = str(error)
    host_match = _HOST.search(text)
    host = host_match[1] if host_match else "the server"
    status_match, code_match, region = _STATUS.search(text), _CODE.search(text), _REGION.search(text)
    status, code = int(status_match[1]) if status_match else 0, code_match[1] if code_match else ""
    if any(part in host for part in _OF_CREDENTIALS):
        return f"no credentials from {host}. Set {WHERE_CREDENTIALS_BELONG[scheme]}"
    shown = " ".join(filter(None, (f"HTTP {status}" if status else "", code)))
    template = _OF_CODES.get(code) or _OF_STATUSES.get(status) or (_BUSY if status >= 500 else "")
    if template:
        reason = template.format(
            credentials=WHERE_CREDENTIALS_BELONG[scheme],
            needs=_NEEDS[scheme],
            bucket="container" if scheme == "az" else "bucket",
            name=bucket,
            region=f", {region[1]}" if region else "",
            shown=shown,
        )
        return reason if not shown or shown in reason else f"{reason} ({shown})"
    if isinstance(error, FileNotFoundError) or status == 404:
        return "not found. Check the URL"
    if shown:
        return f"the server refuses the request ({shown}). Check the URL and the endpoint"
    check = f"Check {_what_leads_to(scheme, host)}"
    if "Timeout" in whole or "timed out" in whole:
        return f"{host} does not answer in time. {check}, and run the same command again"
    if "dns error" in whole or "failed to lookup" in whole:
        return f"{host}: unknown host. {check}"
    if "certificate" in whole:
        return f"{host}: its TLS certificate is not trusted. {check}"
    if "error sending request" in whole or "onnect" in whole:
        return f"{host} cannot be reached. {check}, and run the same command again"
    return f"the request failed ({type(error).__name__}). Check the URL, the credentials and {_endpoint_of(scheme)}"


def _endpoint_of(scheme: str) -> str:
    """The variable with the URL of the server, or the usual one."""
    variables = _ENDPOINTS[scheme]
    return next(filter(os.environ.get, variables), "the URL of the server")


def _what_leads_to(scheme: str, host: str) -> str:
    """What a connection to a server depends on: the proxy and the URL of the server, if they are set; the network."""
    endpoints = [each for each in _ENDPOINTS[scheme] if os.environ.get(each)]
    is_plain = bool(endpoints) and os.environ[endpoints[0]].startswith("http://")
    of_scheme = "HTTP_PROXY" if is_plain else "HTTPS_PROXY"
    variables = (of_scheme, of_scheme.lower(), "ALL_PROXY", "all_proxy")
    proxies = [] if _is_without_proxy(host) else [each for each in variables if os.environ.get(each)]
    found = [*(f"the proxy in {each}" for each in proxies[:1]), *endpoints[:1]]
    return " and ".join(found) or "the network of this machine"


def _is_without_proxy(host: str) -> bool:
    listed = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    host = re.sub(r":\d+$", "", host)
    names = [each.strip().lstrip(".") for each in listed.split(",") if each.strip()]
    return any(each == "*" or host == each or host.endswith(f".{each}") for each in names)
