//! Malformed expressions.

use super::super::*;

/// Malformed expressions: `~` is no part of them, it stands where the fault is; what is found there; the beginning of what
/// is expected.
const MALFORMED: [(&str, &str, &str); 62] = [
    ("~", "the end of the expression", "INCLUDE or EXCLUDE"),
    ("  \n ~", "the end of the expression", "INCLUDE or EXCLUDE"),
    ("~KEEP ItemID WHERE Items.A = 1", "`KEEP`", "INCLUDE or EXCLUDE"),
    ("~INCLUDEItemID WHERE Items.A = 1", "`INCLUDEItemID`", "INCLUDE or EXCLUDE"),
    ("~| INCLUDE ItemID WHERE Items.A = 1", "`|`", "INCLUDE or EXCLUDE"),
    ("~\"INCLUDE\" ItemID WHERE Items.A = 1", "`\"INCLUDE\"`", "INCLUDE or EXCLUDE"),
    ("INCLUDE~", "the end of the expression", "ItemID or UserID"),
    ("INCLUDE ~Items WHERE Items.A = 1", "`Items`", "ItemID or UserID"),
    ("INCLUDE ~ActionID WHERE Actions.A = 1", "`ActionID`", "ItemID or UserID"),
    ("INCLUDE ~WHERE Items.A = 1", "`WHERE`", "ItemID or UserID"),
    ("INCLUDE ItemID ~Items.A = 1", "`Items`", "WHERE"),
    ("INCLUDE ItemID ~IF CurrentUser.A = 1", "`IF`", "WHERE"),
    ("INCLUDE ItemID WHERE~", "the end of the expression", "a field of Items or Interactions"),
    ("INCLUDE ItemID WHERE ~GENRE IN (\"a\")", "`GENRE`", "a field of Items or Interactions"),
    (
        "INCLUDE ItemID WHERE ~(Items.A = 1 OR Items.B = 2)",
        "`(`",
        "a field of Items or Interactions, such as Items.FIELD (conditions are not grouped",
    ),
    ("INCLUDE ItemID WHERE ~NOT Items.A = 1", "`NOT`", "a field of Items or Interactions"),
    (
        "INCLUDE ItemID WHERE ~CurrentUser.AGE > 18",
        "`CurrentUser`",
        "a field of Items or Interactions, such as Items.FIELD (CurrentUser stands after IF)",
    ),
    (
        "INCLUDE ItemID WHERE ~Users.AGE > 18",
        "`Users`",
        "a field of Items or Interactions, such as Items.FIELD (a rule of ItemID knows the user by IF",
    ),
    (
        "INCLUDE UserID WHERE ~Items.PRICE > 18",
        "`Items`",
        "a field of Users or Interactions, such as Users.FIELD (a rule of UserID knows no items)",
    ),
    ("INCLUDE ItemID WHERE Items~ IN (\"a\")", "white space", "`.` and a field right after Items"),
    ("INCLUDE ItemID WHERE Items~ .A = 1", "white space", "`.` and a field right after Items"),
    (
        "INCLUDE ItemID WHERE Items~",
        "the end of the expression",
        "`.` and a field right after Items",
    ),
    ("INCLUDE ItemID WHERE Items.~ A = 1", "white space", "the name of a field of Items"),
    ("INCLUDE ItemID WHERE Items.~\"A\" = 1", "`\"A\"`", "the name of a field of Items"),
    ("INCLUDE ItemID WHERE Items.A~-B = 1", "`-`", "IN, NOT IN, =, <, <=, > or >="),
    ("INCLUDE ItemID WHERE Items.A~", "the end of the expression", "IN, NOT IN, =, <, <=, > or >="),
    ("INCLUDE ItemID WHERE Items.A ~LIKE \"x\"", "`LIKE`", "IN, NOT IN, =, <, <=, > or >="),
    ("INCLUDE ItemID WHERE Items.A ~!= 1", "`!`", "IN, NOT IN, =, <, <=, > or >="),
    ("INCLUDE ItemID WHERE Items.A =~= 1", "`=`", "a \"text\" in double quotes, a number or"),
    ("INCLUDE ItemID WHERE Items.A <~> 1", "`>`", "a \"text\" in double quotes, a number or"),
    ("INCLUDE ItemID WHERE Items.A NOT ~(\"x\")", "`(`", "IN after NOT"),
    ("INCLUDE ItemID WHERE Items.A ~NOT_IN (\"x\")", "`NOT_IN`", "IN, NOT IN, ="),
    ("INCLUDE ItemID WHERE Items.A IN ~\"x\"", "`\"x\"`", "`(` and a list of values"),
    ("INCLUDE ItemID WHERE Items.A IN ~$X", "`$X`", "`(` and a list of values"),
    ("INCLUDE ItemID WHERE Items.A IN (~)", "`)`", "a \"text\" in double quotes"),
    ("INCLUDE ItemID WHERE Items.A IN (\"x\",~)", "`)`", "a \"text\" in double quotes"),
    ("INCLUDE ItemID WHERE Items.A IN (~,\"x\")", "`,`", "a \"text\" in double quotes"),
    ("INCLUDE ItemID WHERE Items.A IN (\"x\" ~\"y\")", "`\"y\"`", "`,` or `)`"),
    ("INCLUDE ItemID WHERE Items.A IN (\"x\" ~AND Items.B = 1", "`AND`", "`,` or `)`"),
    ("INCLUDE ItemID WHERE Items.A IN (\"x\"~", "the end of the expression", "`,` or `)`"),
    ("INCLUDE ItemID WHERE Items.A IN (~drama)", "`drama`", "a \"text\" in double quotes"),
    ("INCLUDE ItemID WHERE Items.A IN (~'drama')", "`'`", "a \"text\" in double quotes"),
    (
        "INCLUDE ItemID WHERE Items.A IN (\"drama)~",
        "the end of the expression",
        "`\"` to close the text that began at column 34",
    ),
    (
        "INCLUDE ItemID WHERE Items.A IN (\"drama\\~",
        "the end of the expression",
        "`\"` to close the text that began at column 34",
    ),
    ("INCLUDE ItemID WHERE Items.A = \"a~\\n\"", "`\\n`", "`\\\"` or `\\\\` after a backslash"),
    ("INCLUDE ItemID WHERE Items.A IN ($~)", "`)`", "the name of a placeholder after `$`"),
    (
        "INCLUDE ItemID WHERE Items.A IN ($~ X)",
        "white space",
        "the name of a placeholder after `$`",
    ),
    (
        "INCLUDE ItemID WHERE Items.A = ~",
        "the end of the expression",
        "a \"text\" in double quotes",
    ),
    ("INCLUDE ItemID WHERE Items.A = ~-", "`-`", "a \"text\" in double quotes"),
    ("INCLUDE ItemID WHERE Items.A = ~true", "`true`", "a \"text\" in double quotes"),
    ("INCLUDE ItemID WHERE Items.A < ~1.2.3", "`1.2.3`", "a number such as"),
    ("INCLUDE ItemID WHERE Items.A < ~5AND Items.B = 1", "`5AND`", "a number such as"),
    ("INCLUDE ItemID WHERE Items.A < ~1e999", "`1e999`", "a number below"),
    (
        "INCLUDE ItemID WHERE Items.A IN (~\"*\")",
        "`\"*\"`",
        "a \"text\" in double quotes, a number or a $placeholder (* stands for Interactions.EVENT_TYPE only)",
    ),
    (
        "INCLUDE ItemID WHERE Interactions.DEVICE IN (\"tv\", ~*)",
        "`*`",
        "a \"text\" in double quotes",
    ),
    (
        "INCLUDE ItemID WHERE Interactions.EVENT_TYPE = ~\"*\"",
        "`\"*\"`",
        "a \"text\" in double quotes, a number or a $placeholder (* stands in lists only)",
    ),
    (
        "INCLUDE ItemID WHERE Items.É = \"ü\" AND ~Interactions.EVENT_TYPE IN (\"x\")",
        "`Interactions`",
        "a field of Items, as before in this rule (rules are joined by |)",
    ),
    (
        "INCLUDE ItemID WHERE Items.A = 1 ~EXCLUDE ItemID WHERE Items.B = 2",
        "`EXCLUDE`",
        "AND, OR, IF, | or the end of the expression",
    ),
    ("INCLUDE ItemID WHERE Items.A = 1 IF ~Users.AGE = 2", "`Users`", "CurrentUser.FIELD after IF"),
    (
        "INCLUDE ItemID WHERE Items.A = 1 IF CurrentUser.B = 2 ~OR CurrentUser.C = 3",
        "`OR`",
        "AND, | or the end of the expression (IF stands once, its conditions are joined by AND)",
    ),
    (
        "INCLUDE UserID WHERE Users.A = 1 ~IF CurrentUser.B = 2",
        "`IF`",
        "AND, OR, | or the end of the expression (only rules of ItemID take IF)",
    ),
    (
        "INCLUDE ItemID WHERE Items.A = 1 | EXCLUDE ~UserID WHERE Users.B = 2",
        "`UserID`",
        "ItemID, which the first rule selects",
    ),
];

// Oracle: by hand, the mark in each expression.
#[test]
fn every_fault_is_found_where_it_is() {
    for (marked, found, expected) in MALFORMED {
        let offset = marked.find('~').unwrap();
        let text = marked.replacen('~', "", 1);
        let error = Expression::parse(&text).expect_err(&text);
        let column = text[..offset].chars().count() + 1;
        assert_eq!((error.offset, error.column), (offset, column), "{text}\n{error}");
        assert_eq!(error.found, found, "{text}\n{error}");
        assert!(error.expected.starts_with(expected), "{text}\n{error}");
    }
}

// Oracle: by hand; 40 characters are shown.
#[test]
fn a_long_find_is_cut() {
    let text = format!("INCLUDE ItemID WHERE Items.A ~ \"{}\"", "é".repeat(50));
    let error = Expression::parse(&text.replace("~ ", "")).unwrap_err();
    assert_eq!(error.found, format!("`\"{}..`", "é".repeat(39)));
}
