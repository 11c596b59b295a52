import { Hourglass } from "lucide-react";
import type { AppEstimate, AppQuantiles } from "#worker/contracts/app-context.ts";
import { useI18n } from "#app/i18n/i18n.tsx";
import classes from "./workbench.module.css";

/** What a run is likely to take, before it is started. Nothing, where nothing is known. */
export function Estimate({ estimate }: { estimate: AppEstimate | null }) {
  const { t, format } = useI18n();
  if (estimate === null || (estimate.duration_ms === null && estimate.queued_before === 0)) {
    return null;
  }
  const { duration_ms, tokens, cost_usd, size, memory_class, sample_size, basis, queued_before } = estimate;
  const duration = ({ p50, p90 }: AppQuantiles): string => {
    const [half, nineOfTen] = [format.duration(p50), format.duration(p90)];
    return half === nineOfTen ? t.estimate.about(half) : t.estimate.usually(half, nineOfTen);
  };
  const figures = [
    ...figure(tokens, (value) => t.estimate.tokens(value), format.number),
    ...figure(cost_usd, (value) => value, format.usd),
    ...(memory_class === "large" && size !== null ? [t.estimate.large(format.bytes(size.p90))] : []),
  ];
  return (
    <div className={classes.estimate} data-testid="estimate">
      <Hourglass size={14} aria-hidden className={classes.estimateIcon} />
      <div>
        {duration_ms !== null && (
          <div>
            {[duration(duration_ms), ...figures].join(" · ")}
            <div className={classes.quiet}>{t.estimate.basis[basis](sample_size)}</div>
          </div>
        )}
        {queued_before > 0 && <div>{t.estimate.queued(queued_before)}</div>}
      </div>
    </div>
  );
}

function figure(
  quantiles: AppQuantiles | null,
  name: (value: string) => string,
  format: (value: number) => string,
): string[] {
  return quantiles === null || quantiles.p90 <= 0 ? [] : [name(range(quantiles, format))];
}

/** From what half of the runs take at most to what nine of ten do; one figure where these look the same. */
function range({ p50, p90 }: AppQuantiles, format: (value: number) => string): string {
  const [low, high] = [format(p50), format(p90)];
  return low === high ? low : `${low} – ${high}`;
}
