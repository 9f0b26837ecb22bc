"""One line on an error of a store: the URL, the reason and what to do, without any secret.

The texts of obstore quote URLs and answers of the server, which may hold signatures, tokens and key names. Of these
only the status, the server's error code, a region and a host name are used.
"""

from __future__ import annotations

import re

from hearpreprocess.objects.addresses import WHERE_CREDENTIALS_BELONG, divided

_STATUS = re.compile(r"(?:status code|error response): (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,60})</Code>")
_REGION = re.compile(r"<Region>([a-z0-9-]{1,30})</Region>")
_HOST = re.compile(r"performing [A-Z]+ https?://(?:[^\s/?@]*@)?([A-Za-z0-9.:\[\]-]+)")
_OF_CREDENTIALS = ("169.254.", "metadata.google", "login.microsoftonline", "oauth2.googleapis", "sts.")
_DEBUG = "\n\nDebug source"

_KEY = "the server refuses the credentials. Check {credentials}"
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
            "ExpiredToken",
            "TokenRefreshRequired",
            "NoAuthenticationInformation",
        ),
        _KEY,
    ),
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
    if "Timeout" in whole or "timed out" in whole:
        return f"{host} does not answer in time. Check the network and the endpoint, and run the same command again"
    if "dns error" in whole or "failed to lookup" in whole:
        return f"{host}: unknown host. Check the network and the endpoint"
    if "certificate" in whole:
        return f"{host}: its TLS certificate is not trusted. Check the endpoint"
    if "error sending request" in whole or "onnect" in whole:
        return f"{host} cannot be reached. Check the network and the endpoint, and run the same command again"
    return f"the request failed ({type(error).__name__}). Check the URL, the endpoint and the credentials"
