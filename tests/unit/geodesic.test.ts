import { describe, expect, it } from 'vitest';
import { type Ellipsoid, geodesicDistance, type Point, WGS84 } from '../../mcp-servers/crm_analyzer/service/geodesic.ts';
import { circleAround } from '../../mcp-servers/crm_analyzer/service/nearby_circle.ts';

const degrees = (whole: number, minutes: number, seconds = 0): number =>
  Math.sign(whole) * (Math.abs(whole) + minutes / 60 + seconds / 3_600);
const point = (latitude: number, longitude: number): Point => ({ latitude, longitude });

const BESSEL: Ellipsoid = { radius: 6_377_397.155, flattening: 1 / 299.1528128 };
const INTERNATIONAL: Ellipsoid = { radius: 6_378_388, flattening: 1 / 297 };

describe('the geodesic distance is what is published', () => {
  it.each([
    // T. Vincenty, Survey Review XXIII 176 (1975), table II, lines a to c.
    ['Vincenty (a)', point(degrees(55, 45), 0), point(degrees(-33, 26), degrees(108, 13)), BESSEL, 14_110_526.17],
    [
      'Vincenty (b)',
      point(degrees(37, 19, 54.95367), 0),
      point(degrees(26, 7, 42.83946), degrees(41, 28, 35.50729)),
      INTERNATIONAL,
      4_085_966.703,
    ],
    [
      'Vincenty (c)',
      point(degrees(35, 16, 11.24862), 0),
      point(degrees(67, 22, 14.77638), degrees(137, 47, 28.31435)),
      INTERNATIONAL,
      8_084_823.839,
    ],
    // Geoscience Australia, GDA technical manual (GRS80, which differs from WGS84 by a tenth of a millimetre in the polar radius).
    [
      'Flinders Peak to Buninyong',
      point(-37.9510334166667, 144.424867888889),
      point(-37.6528211388889, 143.926495527778),
      WGS84,
      54_972.271,
    ],
    // GeographicLib's documentation.
    ['JFK to LHR', point(40.6, -73.8), point(51.6, -0.5), WGS84, 5_551_759.4003],
    ["Land's End to John o' Groats", point(50.06632, -5.71475), point(58.64402, -3.07009), WGS84, 969_954.1663],
    // Along the equator it is the arc of a circle, along a meridian the meridian's own length (half of it: 20,003,931.4586 m from pole to pole).
    ['a degree of the equator', point(0, 10), point(0, 11), WGS84, (6_378_137 * Math.PI) / 180],
    ['pole to equator', point(90, 0), point(0, 0), WGS84, 20_003_931.4586 / 2],
  ])('%s', (_name, from, to, ellipsoid, metres) => {
    expect(Math.abs(geodesicDistance(from, to, ellipsoid) - metres)).toBeLessThan(0.001);
    expect(Math.abs(geodesicDistance(to, from, ellipsoid) - metres)).toBeLessThan(0.001);
  });

  it('is zero between a point and itself, and goes the shorter way across the 180th meridian', () => {
    expect(geodesicDistance(point(9.9, -84), point(9.9, -84))).toBe(0);
    expect(geodesicDistance(point(-17, 179.9), point(-17, -179.9))).toBeCloseTo(geodesicDistance(point(-17, 0), point(-17, 0.2)), 6);
  });

  it('says so where the iteration does not end: opposite points of the Earth', () => {
    expect(() => geodesicDistance(point(0, 0), point(0.5, 179.7))).toThrow(RangeError);
  });
});

describe('the circle that a database searches', () => {
  const centres = [point(9.9281, -84.0907), point(-33.45, -70.67), point(41.65, -0.88), point(0, 0), point(64.1, -21.9), point(80, 20)];

  it.each(centres)('holds all points within the radius in its box, around $latitude, $longitude', (centre) => {
    for (const metres of [100, 5_000, 100_000, 500_000]) {
      const { box } = circleAround(centre, metres);
      for (let bearing = 0; bearing < 360; bearing += 5) {
        const rim = pointTowards(centre, bearing, metres);
        expect(rim.latitude).toBeGreaterThan(box.south);
        expect(rim.latitude).toBeLessThan(box.north);
        expect(rim.longitude).toBeGreaterThan(box.west);
        expect(rim.longitude).toBeLessThan(box.east);
      }
    }
  });

  it.each([point(-17, 179.5), point(89.5, 0), point(-90, 0)])('takes all longitudes around $latitude, $longitude', (centre) => {
    expect(circleAround(centre, 100_000).box).toMatchObject({ west: -180, east: 180 });
  });

  it('is hardly larger than the circle where it matters', () => {
    const { box } = circleAround(point(9.9281, -84.0907), 10_000);
    expect(box.north - box.south).toBeLessThan(0.2);
    expect(box.east - box.west).toBeLessThan(0.2);
  });
});

/** The point so many metres from a centre towards a bearing, found by bisection along a straight line in degrees. */
function pointTowards({ latitude, longitude }: Point, bearing: number, metres: number): Point {
  const angle = (bearing * Math.PI) / 180;
  const at = (step: number): Point =>
    point(latitude + step * Math.cos(angle), longitude + (step * Math.sin(angle)) / Math.cos((latitude * Math.PI) / 180));
  let [near, far] = [0, 10];
  for (let i = 0; i < 60; i++) {
    const middle = (near + far) / 2;
    if (Math.abs(at(middle).latitude) < 90 && geodesicDistance(point(latitude, longitude), at(middle)) < metres) near = middle;
    else far = middle;
  }
  return at(near);
}
