/** A line of how something went, without scales; what it says stands in its text. */
export function Spark({ values, label }: { readonly values: readonly number[]; readonly label: string }) {
  if (values.length < 2) return <span class="spark" />;
  const max = Math.max(1, ...values);
  const points = values.map((value, i) => {
    const x = (i / (values.length - 1)) * 100;
    return `${x.toFixed(1)},${(26 - (value / max) * 24).toFixed(1)}`;
  });
  const line = `M${points.join("L")}`;
  return (
    <svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      <path class="area" d={`${line}L100,28L0,28Z`} />
      <path d={line} />
    </svg>
  );
}
