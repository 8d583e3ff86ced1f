"""Who gets what, so that all together get most."""

from collections.abc import Sequence


def best_assignment(worths: Sequence[Sequence[float]]) -> list[int]:
    """For each row the column that it gets, each column once, with the greatest sum.

    The Hungarian method with potentials, in time n³; see J. Munkres, "Algorithms for the Assignment
    and Transportation Problems", 1957. Of equal sums the one that leaves rows at their own places.

    :param worths: square, each row what it would get for each column
    """
    count = len(worths)
    # Costs instead of worths, with so little less for one's own place that it decides ties only.
    cost = [
        [-worth - (1e-9 if row == column else 0.0) for column, worth in enumerate(line)]
        for row, line in enumerate(worths)
    ]
    # Row 0 and column 0 are helpers: rows and columns count from 1.
    row_price, column_price = [0.0] * (count + 1), [0.0] * (count + 1)
    owner = [0] * (count + 1)
    for row in range(1, count + 1):
        owner[0] = row
        column = 0
        least = [float("inf")] * (count + 1)
        came_from = [0] * (count + 1)
        done = [False] * (count + 1)
        while owner[column]:
            done[column] = True
            current, delta, following = owner[column], float("inf"), 0
            for other in range(1, count + 1):
                if done[other]:
                    continue
                price = cost[current - 1][other - 1] - row_price[current] - column_price[other]
                if price < least[other]:
                    least[other], came_from[other] = price, column
                if least[other] < delta:
                    delta, following = least[other], other
            for other in range(count + 1):
                if done[other]:
                    row_price[owner[other]] += delta
                    column_price[other] -= delta
                else:
                    least[other] -= delta
            column = following
        while column:
            owner[column] = owner[came_from[column]]
            column = came_from[column]
    columns = [0] * count
    for column in range(1, count + 1):
        columns[owner[column] - 1] = column - 1
    return columns
