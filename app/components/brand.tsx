import { Group, Text } from "@mantine/core";
import { Link } from "react-router";

export function Brand() {
  return (
    <Group component={Link} gap={8} wrap="nowrap" {...{ to: "/" }} style={{ textDecoration: "none", color: "inherit" }}>
      <img src="/favicon.svg" alt="" width={26} height={26} />
      <Text component="span" fw={700} fz="lg">
        Weft
      </Text>
    </Group>
  );
}
