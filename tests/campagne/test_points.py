"""The named points: each is a function of today's code, and a trap there springs on the right side of it."""

from importlib import import_module

import pytest

from deploy.campagne.lanceur import poser
from deploy.campagne.points import APRES, AVANT, Point, point, tous


@pytest.mark.parametrize("vise", tous(), ids=lambda vise: f"{vise.service}:{vise.nom}")
def test_each_point_is_a_step_of_todays_code(vise: Point) -> None:
    module, _, chemin = vise.cible.partition(":")
    classe, _, methode = chemin.partition(".")

    assert callable(getattr(getattr(import_module(module), classe), methode))


def test_names_tell_the_points_of_a_service_apart() -> None:
    noms = [(vise.service, vise.nom) for vise in tous()]

    assert len(set(noms)) == len(noms)
    assert all(point(*nom) for nom in noms)


def test_an_unknown_point_is_refused_by_its_name() -> None:
    with pytest.raises(LookupError, match=r"avant-Store\.inconnue"):
        point("intake", "avant-Store.inconnue")


class Etape:
    """A step that leaves a trace."""

    trace: list[str]

    def __init__(self) -> None:
        self.trace = []

    def simple(self) -> str:
        """Do it at once."""
        self.trace.append("fait")
        return "rendu"

    async def attendue(self) -> str:
        """Do it when awaited."""
        self.trace.append("fait")
        return "rendu"


@pytest.mark.parametrize("methode", ["simple", "attendue"])
@pytest.mark.parametrize(("moment", "attendu"), [(AVANT, ["mort", "fait"]), (APRES, ["fait", "mort"])])
async def test_a_trap_springs_on_its_side_of_the_step(
    monkeypatch: pytest.MonkeyPatch, methode: str, moment: str, attendu: list[str]
) -> None:
    monkeypatch.setattr(Etape, methode, getattr(Etape, methode))  # put back at the end what `poser` replaces
    etape = Etape()
    poser(Point("intake", f"{__name__}:Etape.{methode}", moment), lambda: etape.trace.append("mort"))

    rendu = getattr(etape, methode)()

    assert (await rendu if methode == "attendue" else rendu) == "rendu"
    assert etape.trace == attendu
