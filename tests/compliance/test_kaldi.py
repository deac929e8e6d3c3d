import sonovox.dsp.kaldi
from sonovox.compliance import kaldi


def test_the_face_offers_every_name_of_its_package():
    assert kaldi.__all__ == sonovox.dsp.kaldi.__all__
    assert all(getattr(kaldi, name) is getattr(sonovox.dsp.kaldi, name) for name in kaldi.__all__)
