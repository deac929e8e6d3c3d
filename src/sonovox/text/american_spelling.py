"""American spelling of British words, by families of endings.

The two spellings of one word differ in few ways (Webster, "A compendious
dictionary of the English language", 1806, and what it did not change since).
Each family below lists the stems that it holds for; words that merely look
alike (advise, four, enterprise) are in none.
"""

import functools
import re

__all__ = ["american_spelling"]

# A family: stems, then British=American endings. An ending of one sign stands for itself.
_FAMILIES = [
    # colour, honoured, favourite, neighbourhood
    (
        """arb ard arm behavi misbehavi cand clam col discol multicol watercol tricol demean misdemean endeav enam fav
        disfav ferv flav glam harb hon dishon hum lab bel neighb od parl ranc rig rum sav savi splend succ tum val vap
        vig""",
        [
            (f"our{ending}", f"or{ending}")
            for ending in """- s ed ing ings er ers able ably ableness al ally ful fully fulness hood hoods ist ists ism
            ite ites itism less lessly ly liness maid man men ry some y ies""".replace("-", "").split(" ")
        ],
    ),
    # organise, realised, civilisation
    (
        """actual agon agr alphabet american amort anesthet antagon apolog aphor author unauthor bapt botan brutal burglar
        cannibal canon capital caramel categor cauter central decentral character christian civil uncivil colon
        decolon commercial computer conceptual container contextual critic crystall custom demilitar demobil demon
        demoral deodor destabil digit digital disenfranch dramat econom emphas overemphas energ epitom equal eternal
        eulog evangel external factor familiar fantas fertil fictional final formal fossil fratern galvan general
        global glamor harmon hellen homogen hospital human dehuman hybrid hypnot hypothes ideal idol immobil immortal
        immun improvis incentiv individual industrial initial institutional intellectual internal international
        ion ital item jeopard journal keyn legal legitim lemmat liberal lion local magnet marginal material maxim
        mechan memor memorial mesmer metabol militar miniatur minim mobil modern modular moistur monet monopol moral
        motor national natural neutral normal notar optim organ disorgan reorgan unorgan ostrac oxid parameter
        particular pasteur patron unpatron pedestrian penal personal depersonal philosoph plagiar polar depolar
        polemic polit popular pressur priorit privat proselyt public pulver radical random rational real recogn
        unrecogn regular reorgan revital revolution romantic rhaps sanit satir scandal schemat scrutin secular
        sensational sensit desensit sentimental serial sermon sexual signal social solemn special stabil standard
        steril stigmat subsid summar symbol sympath synchron synthes systemat tantal temporal terror theor token
        totem tranquill tranquil traumat trivial tyrann union urban util vandal vapor vaporiz verbal victim visual
        vital vocal vulcan vulgar weapon western winter womanis""",
        [
            (f"is{ending}", f"iz{ending}")
            for ending in "e es ed ing ingly er ers able ation ations ational ationally".split()
        ],
    ),
    (
        "anal psychoanal paral catal electrol breathal dial hydrol",
        [(f"ys{ending}", f"yz{ending}") for ending in "e ed ing er ers".split()],  # "analyses" is also a plural
    ),
    # centre, metres, lustred, centring
    (
        """accout cent epicent calib fib goit lit millilit lout lust maneuv meag met kilomet centimet millimet micromet
        mit nit och outmaneuv philt reconnoit sab saltpet scept somb spect theat amphitheat tit""",
        [
            (f"r{british}", f"er{american}")
            for british, american in [("e", ""), ("es", "s"), ("ed", "ed"), ("ing", "ing"), ("eing", "ing")]
        ]
        + [("repiece", "erpiece"), ("repieces", "erpieces"), ("refold", "erfold"), ("regoer", "ergoer")],
    ),
    # travelled, modelling, jeweller, marvellous, counsellor, medallist
    (
        """apparel backpedal barrel bedevil bejewel bevel cancel carol channel chisel council counsel cudgel devil dial
        dishevel drivel duel empanel enamel equal fuel refuel funnel gambol gravel grovel gruel imperil initial
        jewel kennel label relabel laurel level libel marshal marvel medal metal model remodel nickel panel parcel pedal
        pencil peril pommel pummel quarrel ravel unravel revel rival unrival shovel shrivel signal snivel spiral
        squirrel stencil swivel tassel tinsel total towel trammel untrammel travel trowel tunnel victual weasel yodel""",
        [
            (f"l{ending}", ending)
            for ending in "ed er ers ery ing ings ist ists or ors orship ous ously ousness".split()
        ],
    ),
    # fulfil, instalment, skilful: here the American word has the double l
    (
        "fulfi enro enthra insti insta disti appa",
        [("l", "ll"), ("ls", "lls"), ("lment", "llment"), ("lments", "llments")],
    ),
    ("ski wi unski", [("lful", "llful"), ("lfully", "llfully"), ("lfulness", "llfulness")]),
    ("defen offen licen preten", [("ce", "se"), ("ces", "ses"), ("celess", "seless"), ("ced", "sed")]),
    ("practi unpracti malpracti", [("se", "ce"), ("sed", "ced"), ("ses", "ces"), ("sing", "cing"), ("ser", "cer")]),
    (
        "anal catal dial epil homol ide monol prol travel",
        [("ogue", "og"), ("ogues", "ogs"), ("ogued", "oged"), ("oguing", "oging"), ("oguer", "oger")],
    ),
    ("mo smo", [(f"ul{ending}", f"ol{ending}") for ending in "d ds ded der ders dered dering ding dings dy".split()]),
    ("mo", [("ult", "olt"), ("ults", "olts"), ("ulted", "olted"), ("ulting", "olting")]),
    ("gr", [(f"ey{ending}", f"ay{ending}") for ending in " s ed er est ing ish ly ness".split(" ")]),
    ("pl", [(f"ough{ending}", f"ow{ending}") for ending in " s ed er ers ing man men share shares".split(" ")]),
    ("dr", [(f"aught{ending}", f"aft{ending}") for ending in " s y ier sman smen smanship".split(" ")]),
    ("", [(f"enquir{ending}", f"inquir{ending}") for ending in "e es ed er ers ing ingly y ies".split()]),
    ("", [(f"gaol{ending}", f"jail{ending}") for ending in " s ed er ers bird".split(" ")]),
    ("", [(f"despatch{ending}", f"dispatch{ending}") for ending in " es ed er ing".split(" ")]),
    ("", [(f"sceptic{ending}", f"skeptic{ending}") for ending in " s al ally ism".split(" ")]),
    ("co", [("sy", "zy"), ("sier", "zier"), ("siest", "ziest"), ("sily", "zily"), ("siness", "ziness")]),
]

_SINGLE_WORDS = """
    acknowledgement=acknowledgment acknowledgements=acknowledgments aeroplane=airplane aeroplanes=airplanes ageing=aging
    aluminium=aluminum annexe=annex artefact=artifact artefacts=artifacts behove=behoove
    behoves=behooves carcase=carcass cheque=check cheques=checks chequered=checkered chilli=chili chillies=chilies
    connexion=connection connexions=connections cypher=cipher cyphers=ciphers furore=furor fulness=fullness
    gramme=gram grammes=grams jewellery=jewelry judgement=judgment judgements=judgments kerb=curb kerbs=curbs
    kilogramme=kilogram kilogrammes=kilograms liquorice=licorice lodgement=lodgment mollusc=mollusk molluscs=mollusks
    moustache=mustache moustached=mustached moustaches=mustaches pedlar=peddler pedlars=peddlers phoney=phony
    programme=program programmes=programs pyjama=pajama pyjamas=pajamas storey=story storeys=stories
    tranquillity=tranquility tyre=tire tyres=tires waggon=wagon waggons=wagons woollen=woolen woollens=woolens
    yoghurt=yogurt yoghurts=yogurts
"""

# ae and oe of Greek and Latin stems become e (and ph f), whatever follows.
_CLASSICAL = {
    "aeon": "eon",
    "aesthet": "esthet",
    "aether": "ether",
    "anaem": "anem",
    "anaesth": "anesth",
    "archaeo": "archeo",
    "diarrhoe": "diarrhe",
    "encyclopaed": "encycloped",
    "faec": "fec",
    "foet": "fet",
    "gynaec": "gynec",
    "haem": "hem",
    "homoeo": "homeo",
    "leukaem": "leukem",
    "manoeuv": "maneuv",
    "mediaev": "mediev",
    "oesoph": "esoph",
    "oestr": "estr",
    "orthopaed": "orthoped",
    "outmanoeuv": "outmaneuv",
    "paed": "ped",
    "palaeo": "paleo",
    "primaev": "primev",
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
    stem = _CLASSICAL_STEM.match(word)
    if stem:
        word = _CLASSICAL[stem[0]] + word[stem.end() :]
    return _table().get(word, word)


@functools.cache
def _table() -> dict[str, str]:
    table = dict(pair.split("=") for pair in _SINGLE_WORDS.split())
    for stems, endings in _FAMILIES:
        for stem in stems.split() or [""]:
            for british, american in endings:
                table[stem + british] = stem + american
    return table
