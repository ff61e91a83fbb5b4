"""Names of communes for lists: a few questions, however many rows."""

from collections.abc import Iterable

from services.intake.referentiels.store import Referentiels


async def noms_de_communes(referentiels: Referentiels, codes: Iterable[str]) -> dict[str, str]:
    """Name communes by their codes; one that is not known keeps its code as its name."""
    cherches = set(codes)
    noms: dict[str, str] = {}
    for departement in {code[:2] for code in cherches}:
        noms |= {commune.code: commune.nom for commune in await referentiels.communes(departement)}
    if noms:  # else nothing was ever imported
        for code in cherches - noms.keys():  # of a commune that another absorbed, or that is far away
            heritiere = await referentiels.commune(code)
            noms[code] = heritiere.nom if heritiere else code
    return {code: noms.get(code, code) for code in cherches}
