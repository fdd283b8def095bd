/**
 * Cosine of the angle between two gradients, each one array per parameter: 1 where they point the same way.
 * @returns NaN where one of them is zero
 */
export function gradientCosine(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let [dot, squareA, squareB] = [0, 0, 0];
  a.forEach((own, index) => {
    const other = b[index] as Float32Array;
    for (let i = 0; i < own.length; i++) {
      const [x, y] = [own[i] as number, other[i] as number];
      dot += x * y;
      squareA += x * x;
      squareB += y * y;
    }
  });
  return dot / Math.sqrt(squareA * squareB);
}
