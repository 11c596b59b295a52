export default function Agents() {
  return <p>Weft</p>;
}
