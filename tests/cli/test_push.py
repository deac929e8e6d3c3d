from sonovox.cli.push import push
from sonovox.inference import push_to_hub


def test_the_address_goes_to_stdout(sonovox_here, tmp_path, monkeypatch):
    asked = []

    def pushed(folder, repository, **options):
        asked.append((folder, repository, options))
        return "https://hub/acme/letters"

    monkeypatch.setattr(f"{push_to_hub.__module__}.{push_to_hub.__name__}", pushed)
    expected = (0, "https://hub/acme/letters\n", "")
    assert sonovox_here(push.__name__, tmp_path, "acme/letters", "--private") == expected
    assert asked == [(tmp_path, "acme/letters", {"private": True, "message": "Model of sonovox"})]


def test_a_folder_without_a_model_is_told(sonovox_here, tmp_path):
    code, _, err = sonovox_here("push", tmp_path, "acme/letters")
    assert code == 2
    assert err.startswith(f"error: {tmp_path} is no model folder: it holds no hyperparams.yaml and no config.json\n")
