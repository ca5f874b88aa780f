"""Structural features of ModelConfig.ts: numbers that every token has as a function of the tokens up to it. Needs nothing else."""


def feature_rows(kind, feature, tokens, offset=0):
    """The row of a feature's table for every token; `offset` is added to every statement count."""
    rows, count, closed, last = [], 0, False, feature["size"] - 1
    markers, descending = dict(feature.get("markers", [])), dict(feature.get("descending", []))
    highest, step = 0, 1
    for token in tokens:
        if kind == "listIndex":
            count = 1 if token == feature["open"] else count + 1 if count and not closed else 0
            closed = token == feature["close"]
            rows.append(min(count, last))
        elif kind == "lastMarker":
            count = markers.get(token, count)
            rows.append(count)
        elif kind == "statementCount":
            if token in markers:
                count, step = markers[token], 1
            elif token in descending:
                count, step = highest + descending[token], -1
            elif token == feature["separator"]:
                count = max(0, count + step)
            if step == 1:
                highest = max(highest, count)
            rows.append(min(count + offset, last))
        else:
            raise ValueError(f"a feature of another version: {kind}")
    return rows
