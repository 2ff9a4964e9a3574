"""What a release is made of, as CycloneDX: each package that Milepost needs to run, as the lock file has it.

Versions, licences and who needs whom are read from `.venv`, which `dev.py` installs from the lock file; the hashes are
the lock file's, one for each file that it lets be installed. Packages of the extras are marked as optional. The list is
that of this system and Python: what only others need is not in it.
"""

import json
import platform
import re
import sys
import uuid
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import Distribution, distribution
from importlib.resources import files
from urllib.parse import urljoin

import jsonschema_rs
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import License, LicenseAcknowledgement
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dev
from tools.smoke import Failed

PRODUCT = "milepost"
EXTRAS = ("demo", "bulk")
SCHEMAS = ("bom-1.6.SNAPSHOT.schema.json", "spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
"""The schema that `JsonV1Dot6` writes by, and those that it refers to."""

ENTRY = re.compile(r"^([\w.-]+)==(\S+)[^\n]*\n((?:[ \t]+--hash=\S+[^\n]*\n?)+)", re.MULTILINE)


def bill_of_materials(commit: str, date: str) -> str:
    """Return the bill as JSON text, the same for the same *commit* of that *date*; raises Failed if it is no such."""
    required, every = needed(()), needed(EXTRAS)
    components = {name: component(name, optional=name not in required) for name in every}
    product = components.pop(PRODUCT)
    product.type = ComponentType.APPLICATION
    machine = f"Python {sys.version_info.major}.{sys.version_info.minor}, {sys.platform}, {platform.machine()}"
    bill = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{product.purl}#{commit}"),
        metadata=BomMetaData(
            component=product,
            timestamp=datetime.fromisoformat(date),
            properties=[Property(name="milepost:resolved-for", value=machine)],
        ),
        components=components.values(),
    )
    for name, needs in every.items():
        of = components.get(name, product)
        bill.register_dependency(of, [components[needed_one] for needed_one in needs])
    text = JsonV1Dot6(bill).output_as_string(indent=2)
    hold_to_schema(text)
    return text + "\n"


def required_names() -> frozenset[str]:
    """Return the names of the packages that Milepost cannot do without."""
    return frozenset(needed(())) - {PRODUCT}


def needed(extras: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Return every package that Milepost with *extras* needs on this machine, itself too, and what each one needs."""
    found: dict[str, frozenset[str]] = {}
    asked: set[tuple[str, frozenset[str]]] = set()
    waiting = [(PRODUCT, frozenset(extras))]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in asked:
            continue
        asked.add((name, wanted))
        needs = [*applying(distribution(name), wanted)]
        found[name] = found.get(name, frozenset()) | {one for one, _ in needs}
        waiting += needs
    return found


def applying(package: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what *package* with *extras* needs on this machine, and with which extras of its own."""
    for text in package.requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            yield canonicalize_name(requirement.name), frozenset(requirement.extras)


def component(name: str, *, optional: bool) -> Component:
    """Return what the bill says of one package; raises Failed if `.venv` has not what the lock file names."""
    package = distribution(name)
    locked = locked_hashes().get((name, package.version), [])
    if not locked and name != PRODUCT:
        raise Failed(f"{dev.LOCK.name} does not name {name} {package.version}, which is installed.")
    purl = PackageURL(type="pypi", name=name, version=package.version)
    return Component(
        name=name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        scope=ComponentScope.OPTIONAL if optional else ComponentScope.REQUIRED,
        description=" ".join(said(package, "Summary")),
        licenses=[*licences(package)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in locked],
    )


def locked_hashes() -> dict[tuple[str, str], list[str]]:
    """Return the hashes of the lock file by name and version."""
    return {
        (name, version): re.findall(r"--hash=sha256:(\w+)", hashes)
        for name, version, hashes in ENTRY.findall(dev.LOCK.read_text(encoding="utf-8"))
    }


def licences(package: Distribution) -> Iterator[License]:
    """Yield the licence that *package* declares: the expression, else one line of text, else the classifiers."""
    expressions = said(package, "License-Expression")
    lines = [text for text in said(package, "License") if "\n" not in text]
    classified = [text.rsplit(" :: ", 1)[-1] for text in said(package, "Classifier") if text.startswith("License :: ")]
    for name in expressions or lines or classified:
        yield LicenseFactory().make_from_string(name, license_acknowledgement=LicenseAcknowledgement.DECLARED)


def said(package: Distribution, field: str) -> list[str]:
    """Return what *package* says of itself in each line of *field*."""
    return [str(value) for value in package.metadata.get_all(field) or ()]


def hold_to_schema(text: str) -> None:
    """Compare with the schema that the library brings along; raises Failed.

    Its own validator does the same by another fourteen packages. The folder of the schemas is internal to the library;
    the lock file holds the version in which it is where we look.
    """
    folder = files("cyclonedx.schema") / "_res"
    schema, *others = (json.loads((folder / name).read_text(encoding="utf-8")) for name in SCHEMAS)
    # The first refers to the others by the names of their files, not by what they call themselves.
    places = [urljoin(schema["$id"], name) for name in SCHEMAS[1:]]
    registry = jsonschema_rs.Registry([*zip(places, others, strict=True)])
    validator = jsonschema_rs.validator_for(schema, registry=registry, validate_formats=True)
    wrong = [
        f"{'/'.join(map(str, one.instance_path))}: {one.message}" for one in validator.iter_errors(json.loads(text))
    ]
    if wrong:
        raise Failed("The bill of materials is not what CycloneDX wants:\n" + "\n".join(wrong))
