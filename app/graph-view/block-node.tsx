import { Handle, type NodeProps, Position } from "@xyflow/react";
import { TriangleAlert } from "lucide-react";
import { type CSSProperties, memo } from "react";
import { StatusBadge } from "#app/components/status-badge.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import { useNodeActivity } from "#app/run/live-run.tsx";
import { nodeWaiting } from "#app/run/waiting.ts";
import classes from "./block-node.module.css";
import type { DrawnNode, DrawnPin } from "./drawing.ts";
import type { BlockFlowNode } from "./flow-elements.ts";
import { NodeWaiting } from "./node-waiting.tsx";

/** A block: header in the colour of its kind, one row a pin. */
export const BlockNode = memo(function BlockNode({ data, selected }: NodeProps<BlockFlowNode>) {
  const { drawn } = data;
  return <ActiveCard drawn={drawn} selected={selected} />;
});

function ActiveCard({ drawn, selected }: { drawn: DrawnNode; selected: boolean }) {
  const { t } = useI18n();
  const activity = useNodeActivity(drawn.id);
  const waiting = activity === undefined ? null : nodeWaiting(activity);
  return (
    <div
      className={classes.card}
      data-kind={kindOf(drawn)}
      data-selected={selected || undefined}
      data-status={activity?.status}
      data-testid="block-node"
      data-node-title={drawn.title}
    >
      <div className={classes.head}>
        <div className={classes.titles}>
          <div className={classes.title} title={drawn.title}>
            {drawn.missing && <TriangleAlert size={14} aria-hidden className={classes.warning} />}
            {drawn.missing ? t.agent.missing_block : drawn.title}
          </div>
          {(drawn.missing || drawn.block_name !== drawn.title) && (
            <div className={classes.subtitle} title={drawn.block_name}>
              {drawn.block_name}
            </div>
          )}
        </div>
        {activity !== undefined && <StatusBadge status={activity.status} count={activity.executions} />}
      </div>
      {waiting !== null && <NodeWaiting {...waiting} />}
      <Pins drawn={drawn} />
    </div>
  );
}

const Pins = memo(function Pins({ drawn }: { drawn: DrawnNode }) {
  return (
    <div className={classes.pins}>
      <div className={classes.column}>
        {drawn.inputs.map((pin) => (
          <InputRow key={pin.name} pin={pin} />
        ))}
        {drawn.hidden_inputs > 0 && <div className={classes.more}>+{drawn.hidden_inputs}</div>}
      </div>
      <div className={`${classes.column} ${classes.right}`}>
        {drawn.outputs.map((pin) => (
          <div
            key={pin.name}
            className={classes.row}
            data-linked={pin.linked || undefined}
            title={`${pin.name}: ${pin.type}`}
          >
            <span className={classes.label}>{pin.label}</span>
            <PinHandle pin={pin} type="source" />
          </div>
        ))}
      </div>
    </div>
  );
});

function InputRow({ pin }: { pin: DrawnPin }) {
  const { t } = useI18n();
  const hint = `${pin.name}: ${pin.type}${pin.required ? `, ${t.agent.required}` : ""}`;
  return (
    <div
      className={classes.row}
      data-linked={pin.linked || undefined}
      title={pin.value === undefined ? hint : `${hint}\n${pin.value}`}
    >
      <PinHandle pin={pin} type="target" />
      <span className={classes.label}>
        {pin.label}
        {pin.required && !pin.linked && pin.value === undefined && <span className={classes.required}>*</span>}
      </span>
      {pin.value !== undefined && <span className={classes.value}>{pin.value}</span>}
    </div>
  );
}

function PinHandle({ pin, type }: { pin: DrawnPin; type: "source" | "target" }) {
  return (
    <Handle
      id={pin.name}
      type={type}
      position={type === "source" ? Position.Right : Position.Left}
      isConnectable={false}
      className={classes.handle}
      style={pinColor(pin)}
    />
  );
}

/** A custom property, which React's types do not know. */
function pinColor(pin: DrawnPin): CSSProperties {
  const style: CSSProperties & { "--pin": string } = { "--pin": `var(--pin-${pin.type})` };
  return style;
}

/** Which colour the header has. */
function kindOf(drawn: DrawnNode): string {
  if (drawn.missing) {
    return "missing";
  }
  switch (drawn.ui_type) {
    case "Input":
      return "input";
    case "Output":
      return "output";
    case "Agent":
      return "agent";
    case "AI":
      return "ai";
    case "Webhook":
    case "Webhook (manual)":
      return "trigger";
    default:
      return drawn.category === "AI" ? "ai" : drawn.category === "LOGIC" ? "logic" : "block";
  }
}
