import { NavLink, Outlet, useNavigation } from "react-router";
import { Brand } from "#app/components/brand.tsx";
import { AccountMenu, ColorSchemeMenu, LanguageMenu } from "#app/components/preferences-menu.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import { requireSession } from "#app/services.server.ts";
import type { Route } from "./+types/signed-in.ts";
import classes from "./signed-in.module.css";

export function loader({ context, request }: Route.LoaderArgs) {
  return { user: requireSession(context, request).user };
}

/** What every page of a signed-in person has around it. */
export default function SignedIn({ loaderData }: Route.ComponentProps) {
  const { t } = useI18n();
  const navigation = useNavigation();
  const { user } = loaderData;
  return (
    <>
      <a className="skip-link" href="#content">
        {t.app.skip_to_content}
      </a>
      <header className={classes.header}>
        <Brand />
        <nav className={classes.nav}>
          <NavLink to="/" end className={classes.link}>
            {t.app.agents}
          </NavLink>
          <NavLink to="/runs" className={classes.link}>
            {t.app.runs}
          </NavLink>
          <a href="/api/reference" className={`${classes.link} ${classes.wide}`}>
            {t.app.api}
          </a>
        </nav>
        <div className={classes.menus}>
          <LanguageMenu />
          <ColorSchemeMenu />
          <AccountMenu name={user.name} email={user.email} />
        </div>
        {navigation.state === "loading" && <div className={classes.progress} aria-hidden />}
      </header>
      <main id="content" tabIndex={-1} className={classes.main}>
        <Outlet />
      </main>
    </>
  );
}
