import { ActionIcon, Anchor, Group, Text, Title } from "@mantine/core";
import { ChevronLeft, ChevronRight, UserCheck, X } from "lucide-react";
import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import type { AppReview } from "#worker/contracts/app-context.ts";
import { LocalTime } from "#app/components/local-time.tsx";
import { Notice } from "#app/components/notice.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import { usePendingReviews } from "#app/run/live-run.tsx";
import { TimeLeft } from "#app/run/time-left.tsx";
import { UNREACHABLE } from "#app/unreachable.ts";
import { isTouched, newDraft, type ReviewDraft } from "./review-draft.ts";
import { ReviewForm } from "./review-form.tsx";
import { readQuestion } from "./review-question.ts";
import classes from "./reviews.module.css";
import { type Outcome, useDecide } from "./use-decide.ts";

export interface ReviewsPanelProps {
  executionId: string;
  /** As the page was loaded. */
  loaded: readonly AppReview[];
  titleOf: (nodeId: string) => string | undefined;
  onShowNode: (nodeId: string) => void;
  /** The review to show; without it, or when it is over, the oldest. */
  chosen: ReviewChoice | null;
  onChoose: (reviewId: string) => void;
}

/** Which review somebody asked for; another object each time that they ask. */
export interface ReviewChoice {
  executionId: string;
  reviewId: string;
  /** They want to go there, not only to see it. */
  focus: boolean;
}

interface Draft {
  review: AppReview;
  draft: ReviewDraft;
}

/** What the run asks people, one question at a time. Nothing at all while it asks nothing. */
export function ReviewsPanel({ executionId, loaded, titleOf, onShowNode, chosen, onChoose }: ReviewsPanelProps) {
  const { t } = useI18n();
  const decide = useDecide(executionId);
  const [drafts, setDrafts] = useState<ReadonlyMap<string, Draft>>(new Map());
  const section = useRef<HTMLElement>(null);
  const pending = usePendingReviews(loaded).filter(({ review_id }) => !decide.isSettled(review_id));
  const index = Math.max(
    0,
    pending.findIndex(({ review_id }) => review_id === chosen?.reviewId),
  );
  const review = pending[index];
  // The run's events may tell of a decision before the answer to it is here.
  const lost = lostDrafts(drafts, pending).filter((id) => !decide.isSettled(id) && decide.busy !== id);
  const change = (of: AppReview, draft: ReviewDraft) =>
    setDrafts((known) => new Map(known).set(of.review_id, { review: of, draft }));
  useFocus(section, decide.outcome, chosen);

  return (
    <>
      <span className="visually-hidden" role="status">
        {pending.length === 0 ? "" : t.review.announce(pending.length)}
      </span>
      {(review !== undefined || decide.outcome !== null || lost.length > 0) && (
        <section
          ref={section}
          tabIndex={-1}
          className={classes.panel}
          data-status="REVIEW"
          aria-label={t.review.title(Math.max(1, pending.length))}
          data-testid="reviews"
        >
          {decide.outcome !== null && <OutcomeNotice outcome={decide.outcome} onClose={decide.dismiss} />}
          {lost.length > 0 && (
            <Closable onClose={() => setDrafts((known) => without(known, lost))}>
              <Notice kind="warning" title={t.review.decided_before_title} urgent>
                {t.review.decided_before}
              </Notice>
            </Closable>
          )}
          {review !== undefined && (
            <Question
              key={review.review_id}
              {...{ review, titleOf, onShowNode }}
              draft={drafts.get(review.review_id)?.draft}
              busy={decide.busy === review.review_id}
              pager={<Pager index={index} pending={pending} onChoose={onChoose} />}
              onChange={(draft) => change(review, draft)}
              onSend={(name, decision) =>
                decide.send({ reviewId: review.review_id, name, approved: decision.approved }, decision)
              }
            />
          )}
        </section>
      )}
    </>
  );
}

interface QuestionProps extends Pick<ReviewsPanelProps, "titleOf" | "onShowNode"> {
  review: AppReview;
  draft: ReviewDraft | undefined;
  busy: boolean;
  pager: ReactNode;
  onChange: (draft: ReviewDraft) => void;
  onSend: (name: string, decision: Parameters<ReturnType<typeof useDecide>["send"]>[1]) => void;
}

function Question({ review, draft, busy, pager, titleOf, onShowNode, onChange, onSend }: QuestionProps) {
  const { t } = useI18n();
  const question = readQuestion(review.payload);
  const name = question.name ?? t.review.untitled;
  const title = titleOf(review.node_id);
  return (
    <>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <Group gap={8} wrap="nowrap" align="flex-start" style={{ minWidth: 0 }}>
          <UserCheck size={18} aria-hidden className={classes.icon} />
          <Title order={2} size="h5" style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
            {name}
          </Title>
        </Group>
        {pager}
      </Group>
      <Text size="xs" component="div" className={classes.facts}>
        {title !== undefined && (
          <span>
            {t.review.asked_by}{" "}
            <Anchor component="button" type="button" size="xs" onClick={() => onShowNode(review.node_id)}>
              {title}
            </Anchor>
          </span>
        )}
        <span>
          {t.review.asked_at} <LocalTime iso={review.asked_at} />
        </span>
        {review.until !== null && (
          <span className={classes.deadline}>
            {t.review.deadline}: <TimeLeft until={review.until} />
          </span>
        )}
      </Text>
      <ReviewForm
        question={question}
        draft={draft ?? newDraft(question)}
        busy={busy}
        onChange={onChange}
        onDecide={(decision) => onSend(name, decision)}
      />
    </>
  );
}

interface PagerProps {
  index: number;
  pending: readonly AppReview[];
  onChoose: (reviewId: string) => void;
}

function Pager({ index, pending, onChoose }: PagerProps) {
  const { t } = useI18n();
  const before = pending[index - 1];
  const after = pending[index + 1];
  if (pending.length < 2) {
    return null;
  }
  return (
    <Group gap={2} wrap="nowrap">
      <ActionIcon
        variant="default"
        size="sm"
        disabled={before === undefined}
        onClick={() => before !== undefined && onChoose(before.review_id)}
        aria-label={t.review.previous}
      >
        <ChevronLeft size={14} aria-hidden />
      </ActionIcon>
      <Text size="xs" style={{ whiteSpace: "nowrap" }}>
        {t.review.position(index + 1, pending.length)}
      </Text>
      <ActionIcon
        variant="default"
        size="sm"
        disabled={after === undefined}
        onClick={() => after !== undefined && onChoose(after.review_id)}
        aria-label={t.review.next}
      >
        <ChevronRight size={14} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

function OutcomeNotice({ outcome, onClose }: { outcome: Outcome; onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Closable onClose={onClose}>
      {outcome.kind === "taken" && (
        <Notice
          kind="success"
          title={outcome.sent.approved ? t.review.approved(outcome.sent.name) : t.review.rejected(outcome.sent.name)}
          urgent
        />
      )}
      {outcome.kind === "too_late" && (
        <Notice kind="warning" title={t.review.decided_before_title} urgent>
          {t.review.decided_before}
        </Notice>
      )}
      {outcome.kind === "refused" && (
        <Notice kind="error" title={t.review.failed} urgent>
          {outcome.refusal.code === UNREACHABLE ? t.review.unreachable : outcome.refusal.message}
        </Notice>
      )}
    </Closable>
  );
}

function Closable({ children, onClose }: { children: ReactNode; onClose: () => void }) {
  const { t } = useI18n();
  return (
    <div className={classes.closable}>
      <div className={classes.closableBody}>{children}</div>
      <ActionIcon variant="subtle" color="gray" size="sm" onClick={onClose} aria-label={t.review.close}>
        <X size={15} aria-hidden />
      </ActionIcon>
    </div>
  );
}

/** Reviews that are over although somebody had begun to write under them. */
function lostDrafts(drafts: ReadonlyMap<string, Draft>, pending: readonly AppReview[]): string[] {
  return [...drafts]
    .filter(([id]) => !pending.some(({ review_id }) => review_id === id))
    .filter(([, { review, draft }]) => isTouched(readQuestion(review.payload), draft))
    .map(([id]) => id);
}

function without(drafts: ReadonlyMap<string, Draft>, ids: readonly string[]): ReadonlyMap<string, Draft> {
  return new Map([...drafts].filter(([id]) => !ids.includes(id)));
}

/** The keyboard goes on here after a decision, whose buttons are gone, and when somebody comes to decide. */
function useFocus(section: RefObject<HTMLElement | null>, outcome: Outcome | null, chosen: ReviewChoice | null): void {
  const decided = outcome === null || outcome.kind === "refused" ? null : outcome.sent;
  useEffect(() => {
    if (decided !== null) {
      section.current?.focus();
    }
  }, [decided, section]);
  useEffect(() => {
    if (chosen?.focus === true) {
      section.current?.scrollIntoView({ block: "nearest" });
      section.current?.focus();
    }
  }, [chosen, section]);
}
