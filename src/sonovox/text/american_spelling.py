"""American spelling of British words, by families of endings.

The two spellings of one word differ in few ways. Each family below lists the
stems that it holds for; words that merely look alike (advise, four, enterprise)
are in none.
"""

import functools
import itertools
import re

__all__ = ["american_spelling"]

_OUR = """
    arb ard arm behavi belab cand clam col demean discol disfav dishon enam endeav fav ferv flav glam harb hon hum lab
    misbehavi misdemean multicol neighb od parl ranc rig rum sav savi splend succ tricol tum unfav unsav val vap vig
    watercol
"""
_ISE = """
    accessor acclimat actual aggrand agon agr alphabet american amort anesthet anglic annual antagon aphor apolog
    appet author bapt bastard botan brutal burglar cannibal canon capital caramel carbon categor cauter central
    character christian circular civil collectiv colon commercial compartmental computer conceptual container
    contextual criminal critic crystall custom decentral decolon decriminal dehuman demilitar demobil democrat demon
    demoral deodor depersonal depolar deput desensit destabil digit digital disenfranch disorgan dramat econom
    editorial empath emphas energ epitom equal eternal eulog evangel exorc extempor external factor familiar fantas
    femin fertil fictional final formal fossil fratern galvan general ghetto glamor global harmon hellen homogen
    hospital human hybrid hypnot hypothes ideal idol immobil immortal immun incentiv individual industrial initial
    institutional intellectual internal international ion ital italic item jeopard journal legal legitim lemmat
    liberal lion liquid local magnet marginal material maxim mechan memor memorial mesmer metabol militar miniatur
    minim mobil modern modular moistur monet monopol moral motor national natural neutral normal notar optim organ
    ostrac overemphas oxid parameter particular pasteur patron pedestrian penal personal philosoph plagiar polar
    polemic polit politic popular pressur priorit privat professional propagand proselyt public pulver radical random
    rational real recogn regular reorgan revital revolution rhapsod ritual romantic sanit satir scandal schemat
    scrutin secular sensational sensit sentimental serial sermon sexual signal social solemn special stabil standard
    steril stigmat subsid summar symbol sympath synchron synthes systemat tantal tempor temporal tender terror theor
    token totem tranquil traumat trivial tyrann unauthor uncivil union unorgan unpatron unrecogn urban util vandal
    vapor verbal victim visual vital vocal vulcan vulgar weapon western winter woman
"""
_RE = """
    accout amphitheat calib cent centimet epicent fib goit kilomet lit louv lust maneuv meag met micromet millilit
    millimet mit nit och outmaneuv philt reconnoit sab saltpet scept somb spect theat tit
"""
_DOUBLED_L = """
    apparel backpedal barrel bedevil bejewel bevel cancel carol channel chisel council counsel cudgel devil dial
    dishevel drivel duel empanel enamel equal fuel funnel gambol gravel grovel gruel imperil initial jewel kennel
    label laurel level libel marshal marvel medal metal model nickel panel parcel pedal pencil peril pommel pummel
    quarrel ravel refuel relabel remodel revel rival shovel shrivel signal snivel spiral squirrel stencil swivel
    tassel tinsel total towel trammel travel trowel tunnel unravel unrival untrammel victual weasel yodel
"""

# Families: stems, what follows them in Britain, in America, and the endings after either; "-" is none.
_FAMILIES = [
    (
        _OUR,
        "our",
        "or",
        "- s ed ing ings er ers able ably ableness al ally ful fully hood hoods ist ists ism ite ites itism less "
        "lessly ly maid man men ry some y ies",
    ),
    (_ISE, "is", "iz", "e es ed ing ingly er ers able ably ance ement ation ations ational ationally"),
    ("anal psychoanal paral catal electrol breathal dial hydrol", "ys", "yz", "e ed ing er ers"),  # analyses: a plural
    (_RE, "re", "er", "- s"),
    (_RE, "r", "er", "able ability ed ing ings"),
    ("cent", "re", "er", "piece pieces fold"),
    (_DOUBLED_L, "l", "-", "ed er ers ery ing ings ist ists or ors orship ous ously ousness"),
    ("appa disti enro enthra fulfi insta insti", "l", "ll", "- s ment ments"),
    ("ski unski wi", "l", "ll", "ful fully fulness"),
    ("defen licen offen preten", "c", "s", "e es ed eless ing"),
    ("malpracti practi unpracti", "s", "c", "e es ed er ers ing"),
    ("anal catal dial epil homol monol prol travel", "ogue", "og", "- s"),
    ("catal dial", "ogu", "og", "ed er ers ing"),
    ("m rem sm", "oul", "ol", "d ds ded der ders dered dering dier ding dings dy t ts ted ting"),
    ("gr", "ey", "ay", "- s ed er est ing ish ly ness"),
    ("pl", "ough", "ow", "- s ed er ers ing man men share shares"),
    ("dr", "aught", "aft", "- s y ier iest sman smen smanship"),
    ("-", "enquir", "inquir", "e es ed er ers ing ingly y ies"),
    ("-", "gaol", "jail", "- s ed er ers bird"),
    ("-", "despatch", "dispatch", "- es ed er ing"),
    ("-", "sceptic", "skeptic", "- s al ally ism"),
    ("co", "s", "z", "y ier iest ily iness"),
]

_SINGLE_WORDS = """
    acknowledgement=acknowledgment acknowledgements=acknowledgments aeroplane=airplane aeroplanes=airplanes
    ageing=aging aluminium=aluminum annexe=annex artefact=artifact artefacts=artifacts behove=behoove behoves=behooves
    carcase=carcass cheque=check chequered=checkered cheques=checks chilli=chili chillies=chilies connexion=connection
    connexions=connections cypher=cipher cyphers=ciphers fulness=fullness furore=furor gramme=gram grammes=grams
    jewellery=jewelry judgement=judgment judgements=judgments kerb=curb kerbs=curbs kilogramme=kilogram
    kilogrammes=kilograms liquorice=licorice lodgement=lodgment mollusc=mollusk molluscs=mollusks moustache=mustache
    moustached=mustached moustaches=mustaches pedlar=peddler pedlars=peddlers phoney=phony programme=program
    programmes=programs pyjama=pajama pyjamas=pajamas storey=story storeys=stories tranquilliser=tranquilizer
    tranquillisers=tranquilizers tranquillity=tranquility tyre=tire tyres=tires waggon=wagon waggons=wagons
    woollen=woolen woollens=woolens yoghurt=yogurt yoghurts=yogurts
"""

# ae, oe and ph of Greek and Latin stems.
_CLASSICAL = {
    "aemi": "emi",
    "aesth": "esth",
    "aether": "ether",
    "archaeo": "archeo",
    "diaev": "diev",
    "faec": "fec",
    "foet": "fet",
    "gynaec": "gynec",
    "haem": "hem",
    "homoeo": "homeo",
    "maev": "mev",
    "manoeuv": "maneuv",
    "oedem": "edem",
    "oesoph": "esoph",
    "oestro": "estro",
    "paed": "ped",
    "palaeo": "paleo",
    "rrhoe": "rrhe",
    "sulph": "sulf",
}
_CLASSICAL_STEM = re.compile("|".join(_CLASSICAL))


def american_spelling(word: str) -> str:
    """`word` as it is spelled in America; other words come back unchanged.

    Args:
        word: in lower case, one word.

    >>> [american_spelling(word) for word in ["colour", "organised", "travelling", "anaesthetised", "four"]]
    ['color', 'organized', 'traveling', 'anesthetized', 'four']
    """
    word = _CLASSICAL_STEM.sub(lambda stem: _CLASSICAL[stem[0]], word)
    return _table().get(word, word)


@functools.cache
def _table() -> dict[str, str]:
    table = {}
    for stems, british, american, endings in _FAMILIES:
        for stem, ending in itertools.product(stems.split(), endings.split()):
            table[_word(stem, british, ending)] = _word(stem, american, ending)
    return table | dict(pair.split("=") for pair in _SINGLE_WORDS.split())


def _word(*parts: str) -> str:
    return "".join(part for part in parts if part != "-")
