// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * distance.c: cells of a grid, and POPs by great-circle distance from them (distance.h).
 */
#include <math.h>
#include <stdlib.h>
#include "distance.h"

struct far {
	struct steer_choice choice;
	double distance;
	size_t place; /* in the list as it was */
};

__u16 distance_cell(double latitude, double longitude)
{
	int row, column;

	if (!(latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180))
		return 0;
	row = (latitude + 90) / DISTANCE_GRID;
	column = (longitude + 180) / DISTANCE_GRID;
	if (row == 180 / DISTANCE_GRID)
		row--;
	return 1 + row * DISTANCE_COLUMNS + column % DISTANCE_COLUMNS;
}

static double radians(double degrees)
{
	return degrees * M_PI / 180;
}

/* Haversine: it grows with the distance, and is exact where points are near each other. */
static double between(double latitude, double longitude, const struct config_coordinates *to)
{
	double north = sin(radians(to->latitude - latitude) / 2);
	double east = sin(radians(to->longitude - longitude) / 2);

	return north * north + cos(radians(latitude)) * cos(radians(to->latitude)) * east * east;
}

static int by_distance(const void *a, const void *b)
{
	const struct far *x = a, *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

void distance_sort(const struct config_pop *pops, __u16 cell, struct steer_choice *list, size_t nr)
{
	double latitude = ((cell - 1) / DISTANCE_COLUMNS + 0.5) * DISTANCE_GRID - 90;
	double longitude = ((cell - 1) % DISTANCE_COLUMNS + 0.5) * DISTANCE_GRID - 180;
	struct far fars[STEER_POPS_MAX] = {};
	size_t i;

	for (i = 0; i < nr && i < STEER_POPS_MAX; i++)
		fars[i] = (struct far){ list[i],
					between(latitude, longitude, &pops[list[i].pop].at), i };
	nr = i;
	qsort(fars, nr, sizeof(*fars), by_distance);
	for (i = 0; i < nr; i++) {
		list[i] = fars[i].choice;
		list[i].rank = i;
	}
}
