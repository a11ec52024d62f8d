"""What the doctor reports about Graphviz on this machine."""

import stat

from visualize.diagrams import doctor, engines


def test_without_dot_it_says_how_to_install_graphviz(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr(engines, "find_dot", lambda: None)
    text = "\n".join(doctor.report())
    assert "no program `dot`" in text
    assert "Install Graphviz: " in text
    assert "matplotlib  ready" in text


def test_it_gives_the_version_and_the_formats_of_dot(tmp_path, monkeypatch):
    dot = tmp_path / "dot"
    dot.write_text(
        '#!/bin/sh\ncase "$1" in -V) echo "dot - graphviz version 9.9" >&2;; '
        '*) echo "Format: \\"?\\" not recognized. Use one of: png svg" >&2; exit 1;; esac\n'
    )
    dot.chmod(dot.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("GRAPHVIZ_DOT", str(dot))
    text = "\n".join(doctor.report())
    assert "version: dot - graphviz version 9.9" in text
    assert "formats: png svg" in text
    assert f"found  GRAPHVIZ_DOT: {dot}" in text
    assert "Install" not in text


def test_a_wrong_graphviz_dot_is_reported(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAPHVIZ_DOT", str(tmp_path / "none"))
    assert "there is no program" in "\n".join(doctor.report())
