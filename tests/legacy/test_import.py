from pathlib import Path
from tests.legacy import generated


def test_x(bring, tmp_path: Path) -> None:
    generated.write(tmp_path, 200)
    dry = bring(tmp_path, dry_run=True)
    print(dry.text)
    o = bring(tmp_path)
    print(o.text, o.remarks)
    print(
        (tmp_path / "rejected_bookings.csv").read_text()[:500]
        if (tmp_path / "rejected_bookings.csv").exists()
        else ""
    )
    print(bring(tmp_path).text)
