"""Names of what is not released unless it is named."""

from __future__ import annotations

import fnmatch
import re
from typing import Final

from store.files.unfinished import is_ours

NEVER: Final = frozenset({".git", ".hg", ".svn", ".rme"})
"""Names of what is no part of a project: the history of versions, what lies in a folder of a release."""

_TOOLS: Final = """
    .aws .azure .boto .databrickscfg .docker .dockercfg .git-credentials .gnupg .htpasswd .kube .my.cnf
    kubeconfig kubeconfig.* *.kubeconfig rclone.conf .rclone.conf wallet.dat
    .mylogin.cnf .npmrc .oci .passwd-s3fs .pgpass .pypirc .renviron .s3cfg .ssh .terraformrc .vault-token
    .xauthority
    access_tokens.db application_default_credentials.json client_secret*.json kaggle.json
    service-account*.json service_account*.json terraform.tfstate* *.tfstate *.tfstate.* *.tfvars
"""
"""Where tools keep what they log in with."""

_USUAL: Final = """
    .env .env.* *.env .env~ .envrc .netrc _netrc .secrets secrets.* credentials credentials.* .token *.token
    api_key api_key.txt apikey apikey.txt api-key.txt
    token token.txt tokens.txt password.txt passwords.txt password passwords passwd cookies.txt
    id_rsa* id_dsa* id_ecdsa* id_ed25519* *.pem *.key *.p12 *.pfx *.jks *.keystore *.kdbx *.ppk *.ovpn
    .bash_history .zsh_history .python_history
"""
"""What people and programs call such files."""

SECRETS: Final = (*_TOOLS.split(), *_USUAL.split())
"""Names, in lower case, of what usually holds credentials."""

_HOOKED: Final = frozenset({".git", ".hg"})
"""Directories in which a program of the same name finds what it is to run."""

_SECRETS: Final = re.compile("|".join(map(fnmatch.translate, SECRETS)))


def holds_hooks(path: str) -> bool:
    """Whether a path leads to where git or hg find commands of their own, on any file system."""
    folded = path.casefold()
    if not any(one in folded for one in _HOOKED):
        return False  # known at a tenth of the cost, for thousands
    return any(one.rstrip(". ") in _HOOKED for one in folded.split("/"))


def held_back(name: str) -> str | None:
    """Return why a file or directory of a name is not released, or None where nothing is known against it."""
    if name in NEVER or is_ours(name):
        return "no part of the project"
    return "may hold credentials" if _SECRETS.fullmatch(name.lower()) else None
