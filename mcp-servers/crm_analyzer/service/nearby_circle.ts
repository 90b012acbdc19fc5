import { type Point, WGS84 } from './geodesic.ts';

/** All points at most so many metres from a centre, as a database finds them: by a box of degrees first, then by the chord through the Earth. */
export type Circle = {
  readonly metres: number;
  /** Holds the whole circle, and somewhat more. */
  readonly box: { readonly south: number; readonly north: number; readonly west: number; readonly east: number };
  /** The centre: metres from the Earth's axis, degrees, metres above the equator's plane. */
  readonly axis: number;
  readonly longitude: number;
  readonly height: number;
  /** Mean radius of curvature at the centre, in metres. */
  readonly curvature: number;
};

/** What the arc of a chord can be away from the geodesic within 500 km: the curvature differs by 1 % with direction, and s³/24r² with it. */
export const CHORD_ERROR = '2 m';

/** The square of WGS84's eccentricity. */
const ECCENTRICITY_SQUARED = WGS84.flattening * (2 - WGS84.flattening);

/** No degree of latitude is shorter; metres. */
const SHORTEST_DEGREE = 110_574;
/** Room for positions told to 0.001° and for the box's own rounding. */
const MARGIN_DEGREES = 0.002;

/** Near a pole and across the 180th meridian the box takes all longitudes: the chord decides. */
export function circleAround({ latitude, longitude }: Point, metres: number): Circle {
  const phi = (latitude * Math.PI) / 180;
  const flat = 1 - ECCENTRICITY_SQUARED * Math.sin(phi) ** 2;
  const across = WGS84.radius / Math.sqrt(flat);
  const along = (WGS84.radius * (1 - ECCENTRICITY_SQUARED)) / flat ** 1.5;

  const high = metres / SHORTEST_DEGREE + MARGIN_DEGREES;
  const [south, north] = [latitude - high, latitude + high];
  // On a sphere the circle is widest at asin(sin r / cos φ); half a percent more covers the flattening.
  const widest = (Math.sin((high * Math.PI) / 180) / Math.cos(phi)) * 1.005;
  const wide = (Math.asin(Math.min(1, widest)) * 180) / Math.PI + MARGIN_DEGREES;
  const isWhole = north >= 90 || south <= -90 || widest >= 1 || longitude - wide < -180 || longitude + wide > 180;
  return {
    metres,
    box: { south, north, west: isWhole ? -180 : longitude - wide, east: isWhole ? 180 : longitude + wide },
    axis: across * Math.cos(phi),
    longitude,
    height: across * (1 - ECCENTRICITY_SQUARED) * Math.sin(phi),
    curvature: Math.sqrt(along * across),
  };
}

/** The square of the chord through the Earth, in square metres, that belongs to so many metres along its surface: what a database compares. */
export function chordSquared({ curvature }: Pick<Circle, 'curvature'>, metres: number): number {
  return (2 * curvature * Math.sin(metres / (2 * curvature))) ** 2;
}
